//! Judges on texts of `/proc` that were recorded in pods of containerd 1.6 and 1.7, and on what cannot be provoked in the lab.

use std::path::PathBuf;
use std::time::Duration;

use seaworthy_probe::{Answer, Answers, Endpoint, Origin, Reply, Subject, Tls, Verdict};
use serde_json::json;

use super::mounts::{From, mounts, origin};
use super::{Inside, network, plan, probes, process};

/// An ordinary container: everything that containerd gives by default.
const ORDINARY: &str = "Name:\tcat\nPid:\t1\nUid:\t0\t0\t0\t0\nCapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n\
    CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0";
/// One that is restricted.
const RESTRICTED: &str = "Name:\tcat\nPid:\t1\nUid:\t65532\t65532\t65532\t65532\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n\
    CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1";
/// One that is privileged, on a kernel with 41 capabilities.
const PRIVILEGED: &str = "Name:\tcat\nPid:\t1\nUid:\t0\t0\t0\t0\nCapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\n\
    CapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0";

/// The mounts of an ordinary pod, its kubelet on the disk `253:1`.
const MOUNTS: &str = "\
700 600 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
701 700 0:63 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
702 700 0:64 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755
703 702 0:65 / /dev/pts rw,nosuid,noexec,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=666
704 702 0:53 / /dev/mqueue rw,nosuid,nodev,noexec,relatime - mqueue mqueue rw
705 700 0:58 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro
706 705 0:29 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
707 700 253:1 /var/lib/kubelet/pods/0b1c/etc-hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
708 702 253:1 /var/lib/kubelet/pods/0b1c/containers/main/8a7b /dev/termination-log rw,relatime - ext4 /dev/vda1 rw
709 700 253:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/9f/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw
710 700 253:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/9f/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw
711 702 0:50 / /dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,size=65536k
712 700 0:49 / /run/secrets/kubernetes.io/serviceaccount ro,relatime - tmpfs tmpfs rw,size=262144k
713 701 0:63 /bus /proc/bus ro,nosuid,nodev,noexec,relatime - proc proc rw
714 701 0:63 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw
715 701 0:66 / /proc/acpi ro,relatime - tmpfs tmpfs ro
716 701 0:64 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755
717 705 0:67 / /sys/firmware ro,relatime - tmpfs tmpfs ro
718 700 253:1 /var/lib/kubelet/pods/0b1c/volumes/kubernetes.io~empty-dir/tmp /tmp rw,relatime - ext4 /dev/vda1 rw";

fn inside() -> Inside {
    let endpoint =
        |host: &str, port| Endpoint { host: host.to_owned(), port, origin: Origin::Told("test".to_owned()) };
    Inside {
        root: PathBuf::from("/"),
        pod: Subject::new("Pod", Some("shop"), "web"),
        namespace: "shop".to_owned(),
        api: endpoint("10.0.0.1", 443),
        has_account: true,
        node: Some(endpoint("10.0.0.7", 10250)),
        node_is_told: true,
        ports: Vec::new(),
        outside: Vec::new(),
        cloud: None,
        mount_points: Vec::new(),
    }
}

fn answer(reply: Reply) -> Answer {
    Answer { at: String::new(), took: Duration::ZERO, reply }
}

fn lines(text: &str) -> Reply {
    Reply::Lines(text.lines().map(str::to_owned).collect())
}

/// What a control's probe says of answers to its steps.
fn verdict(inside: &Inside, control: &str, answers: &[(&'static str, Reply)]) -> Verdict {
    let controls: Vec<_> = crate::catalogue::find(control).into_iter().collect();
    let planned = plan(&controls, inside);
    assert_eq!(planned.len(), 1, "{control}");
    let answers = answers.iter().map(|(step, reply)| (*step, answer(reply.clone()))).collect();
    planned[0].attempt.judge(&Answers(answers)).verdict
}

#[test]
fn every_probe_is_of_a_control_that_exists() {
    for probe in probes() {
        assert!(crate::catalogue::find(probe.control).is_some(), "{}", probe.control);
    }
}

#[test]
fn the_state_of_a_process_is_read() {
    let of = |control: &str, text: &str| verdict(&inside(), control, &[("status", lines(text))]);
    for (control, ordinary, restricted, privileged) in [
        ("pods/capabilities-added", Verdict::Proved, Verdict::Proved, Verdict::Refuted),
        ("pods/capabilities-dropped", Verdict::Refuted, Verdict::Proved, Verdict::Refuted),
        ("pods/privilege-escalation", Verdict::Refuted, Verdict::Proved, Verdict::Refuted),
        ("pods/run-as-non-root", Verdict::Refuted, Verdict::Proved, Verdict::Refuted),
        ("pods/seccomp-unconfined", Verdict::Refuted, Verdict::Proved, Verdict::Refuted),
    ] {
        assert_eq!(of(control, ORDINARY), ordinary, "{control}");
        assert_eq!(of(control, RESTRICTED), restricted, "{control}");
        assert_eq!(of(control, PRIVILEGED), privileged, "{control}");
        assert_eq!(of(control, "Name:\tcat"), Verdict::Inconclusive, "{control}");
    }
}

#[test]
fn a_process_without_effective_capabilities_may_still_get_those_of_the_bounding_set() {
    let text = RESTRICTED.replace("CapBnd:\t0000000000000000", "CapBnd:\t00000000a80425fb");
    assert_eq!(
        verdict(&inside(), "pods/capabilities-dropped", &[("status", lines(&text))]),
        Verdict::Refuted
    );
}

#[test]
fn signs_of_privilege_must_agree() {
    let of = |status: &str, mounts: &str| {
        verdict(&inside(), "pods/privileged", &[("status", lines(status)), ("mounts", lines(mounts))])
    };
    assert_eq!(of(ORDINARY, MOUNTS), Verdict::Proved);
    let open = MOUNTS.replace("/sys ro,nosuid", "/sys rw,nosuid").replace("sysfs sysfs ro", "sysfs sysfs rw");
    let open: Vec<&str> = open.lines().filter(|line| !line.contains(" /proc/")).collect();
    let open = open.join("\n");
    assert_eq!(of(PRIVILEGED, &open), Verdict::Refuted);
    // A node that lacks capabilities itself cannot hand them out: its privileged pods have fewer.
    assert_eq!(of(ORDINARY, &open), Verdict::Inconclusive);
    assert_eq!(of(PRIVILEGED, MOUNTS), Verdict::Inconclusive);
}

#[test]
fn what_is_mounted_of_the_node_is_told_from_volumes() {
    let of = |more: &str| {
        let text = format!("{MOUNTS}\n{more}");
        verdict(&inside(), "pods/host-path", &[("mounts", lines(text.trim_end()))])
    };
    assert_eq!(of(""), Verdict::Proved);
    for node in [
        "720 700 253:1 /etc /host/etc ro,relatime - ext4 /dev/vda1 rw",
        "720 700 253:1 / /host rw,relatime - ext4 /dev/vda1 rw",
        "720 700 0:24 /containerd/containerd.sock /run/containerd.sock rw - tmpfs tmpfs rw",
        "720 700 0:22 / /host/proc ro - proc proc rw",
    ] {
        assert_eq!(of(node), Verdict::Refuted, "{node}");
    }
    // The disk of a volume, or another disk of the node: nobody can tell.
    assert_eq!(of("720 700 259:1 / /data rw,relatime - ext4 /dev/nvme1n1 rw"), Verdict::Inconclusive);
    let all = mounts(&MOUNTS.lines().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(all.len(), MOUNTS.lines().count());
    assert!(all.iter().all(|mount| origin(mount, &all) == From::Pod));
}

#[test]
fn a_root_that_one_may_not_write_to_is_not_read_only() {
    let of = |text: &str, reply: Reply| {
        verdict(&inside(), "pods/read-only-root-filesystem", &[("mounts", lines(text)), ("write", reply)])
    };
    let read_only = MOUNTS.replacen("/ / rw,", "/ / ro,", 1);
    let refused = || Reply::Refused("the file system is read-only".to_owned());
    let denied = || Reply::Silent("Permission denied".to_owned());
    assert_eq!(of(MOUNTS, Reply::Written), Verdict::Refuted);
    assert_eq!(of(MOUNTS, denied()), Verdict::Refuted);
    assert_eq!(of(&read_only, refused()), Verdict::Proved);
    assert_eq!(of(&read_only, denied()), Verdict::Inconclusive);
    assert_eq!(of("", refused()), Verdict::Inconclusive);
}

#[test]
fn labels_of_modules_are_understood() {
    for (label, verdict) in [
        ("cri-containerd.apparmor.d (enforce)", Verdict::Proved),
        ("cri-containerd.apparmor.d (complain)", Verdict::Refuted),
        ("unconfined", Verdict::Refuted),
        ("system_u:system_r:container_t:s0:c12,c34", Verdict::Proved),
        ("system_u:system_r:spc_t:s0", Verdict::Refuted),
        ("kernel", Verdict::Inconclusive),
    ] {
        assert_eq!(process::confined(label).verdict, verdict, "{label}");
    }
    let of = |reply: Reply| {
        let answers = [("status", lines(ORDINARY)), ("confinement", reply)];
        verdict(&inside(), "container-runtime/mandatory-access-control", &answers)
    };
    // Neither AppArmor nor SELinux in the kernel: reading fails with EINVAL.
    assert_eq!(of(Reply::Refused("the kernel knows nothing of it".to_owned())), Verdict::Refuted);
    assert_eq!(of(Reply::Silent("Permission denied".to_owned())), Verdict::Inconclusive);
}

#[test]
fn ids_are_mapped_by_the_kubelet_or_by_somebody_else() {
    let of = |map: &str| {
        verdict(&inside(), "pods/user-namespaces", &[("status", lines(ORDINARY)), ("map", lines(map))])
    };
    assert_eq!(of("         0          0 4294967295"), Verdict::Refuted);
    assert_eq!(of("         0  839057408      65536"), Verdict::Proved);
    // A node in a container of another user: its pods see that map, and have none of their own.
    assert_eq!(of("         0     100000      65536"), Verdict::Inconclusive);
    assert_eq!(
        of("         0       1000          1\n         1     100000      65536"),
        Verdict::Inconclusive
    );
}

#[test]
fn variables_are_judged_by_their_names() {
    for name in ["DB_PASSWORD", "API_TOKEN", "AWS_SECRET_ACCESS_KEY", "STRIPE_API_KEY", "PGPASSWORD"] {
        assert!(process::is_credential(name), "{name}");
    }
    for name in [
        "PATH",
        "DB_PASSWORD_FILE",
        "TOKEN_SERVICE_HOST",
        "TOKEN_PORT_80_TCP_ADDR",
        "COMPASS",
        "KEYBOARD",
        "SECRET_NAME",
    ] {
        assert!(!process::is_credential(name), "{name}");
    }
}

#[test]
fn tokens_that_never_end_or_live_for_a_year_are_found() {
    let of = |claims: serde_json::Value| {
        let answers = [("status", lines(ORDINARY)), ("token", Reply::Claims(claims))];
        verdict(&inside(), "service-accounts/token-binding", &answers)
    };
    let pod = json!({"pod": {"name": "web"}, "namespace": "shop"});
    assert_eq!(of(json!({"iat": 0, "exp": 3607, "kubernetes.io": pod})), Verdict::Proved);
    assert_eq!(of(json!({"iat": 0, "exp": 31_536_000, "kubernetes.io": pod})), Verdict::Refuted);
    assert_eq!(of(json!({"kubernetes.io": pod})), Verdict::Refuted);
    assert_eq!(of(json!({"iat": 0, "exp": 3607})), Verdict::Refuted);
}

/// The positive control of the network, as it is answered.
fn api() -> (&'static str, Reply) {
    ("api-server", Reply::Handshake(Tls { certificates: Vec::new(), trusted: Ok(()) }))
}

fn silent() -> Reply {
    Reply::Silent("nothing within 5 s".to_owned())
}

#[test]
fn silence_of_ports_proves_something_only_where_the_node_is_known_and_the_network_lives() {
    const STEPS: [&str; 8] = [
        "kubelet",
        "read-only",
        "kube-proxy",
        "kube-proxy-health",
        "controller-manager",
        "scheduler",
        "etcd",
        "etcd-peer",
    ];
    let with = |inside: &Inside, first: (&'static str, Reply), kubelet: Reply, node: &Reply| {
        let mut answers = vec![first];
        answers.extend(STEPS.map(|step| (step, silent())));
        answers[1].1 = kubelet;
        answers.push(("node", node.clone()));
        verdict(inside, "network/control-plane-reach", &answers)
    };
    let refused = || Reply::Refused("Connection refused".to_owned());
    let of = |inside: &Inside, first, kubelet| with(inside, first, kubelet, &refused());
    assert_eq!(of(&inside(), api(), silent()), Verdict::Proved);
    // Silent as an address is to which no way leads.
    assert_eq!(with(&inside(), api(), silent(), &silent()), Verdict::Inconclusive);
    assert_eq!(with(&inside(), api(), refused(), &silent()), Verdict::Proved);
    assert_eq!(with(&inside(), api(), silent(), &Reply::Connected), Verdict::Proved);
    assert_eq!(of(&inside(), api(), Reply::Connected), Verdict::Refuted);
    assert_eq!(of(&inside(), ("api-server", silent()), silent()), Verdict::Inconclusive);
    assert_eq!(
        of(&inside(), api(), Reply::NotAsked("the budget is spent".to_owned())),
        Verdict::Inconclusive
    );
    let by_route = Inside { node_is_told: false, ..inside() };
    assert_eq!(of(&by_route, api(), silent()), Verdict::Inconclusive);
    assert_eq!(of(&by_route, api(), Reply::Connected), Verdict::Refuted);
}

#[test]
fn silence_of_the_metadata_service_proves_something_only_in_a_cloud() {
    const STEPS: [&str; 5] = ["aws", "aws-token", "google", "azure", "oracle"];
    let http = |status| Reply::Http { status, headers: Vec::new(), body: Vec::new(), cut: false, tls: None };
    let of = |connect: Reply, replies: [Reply; 5], cloud: Option<&str>| {
        let mut answers = vec![("connect", answer(connect))];
        answers.extend(STEPS.into_iter().zip(replies.map(answer)));
        network::judge_metadata(&Answers(answers), cloud).verdict
    };
    let all = |reply: Reply| [(); 5].map(|()| reply.clone());
    assert_eq!(of(silent(), all(silent()), None), Verdict::Inconclusive);
    assert_eq!(of(silent(), all(silent()), Some("aws")), Verdict::Proved);
    // Who refuses is reached, or stands before the service: nobody can tell.
    assert_eq!(of(Reply::Connected, all(http(403)), Some("aws")), Verdict::Inconclusive);
    // Who asks for credentials is reached, as the service of AWS is without a token of its second version.
    assert_eq!(of(Reply::Connected, all(http(401)), None), Verdict::Refuted);
    let first = [http(401), silent(), http(404), http(404), http(404)];
    assert_eq!(of(Reply::Connected, first, Some("aws")), Verdict::Refuted);
    assert_eq!(of(Reply::Connected, all(http(404)), Some("aws")), Verdict::Inconclusive);
    // The first version of AWS is off, the second one gives tokens to whoever asks properly.
    let second = [http(401), http(200), http(404), http(404), http(404)];
    assert_eq!(of(Reply::Connected, second, None), Verdict::Refuted);
    // Something is there and says nothing: no protection.
    assert_eq!(of(Reply::Connected, all(silent()), Some("aws")), Verdict::Inconclusive);
}

#[test]
fn who_looks_up_names_outside_is_told_and_proves_nothing() {
    let host = Endpoint { host: "example.test".to_owned(), port: 443, origin: Origin::Given("--outside") };
    let inside = Inside { outside: vec![host], ..inside() };
    let controls: Vec<_> = crate::catalogue::find("network/default-deny-egress").into_iter().collect();
    let planned = plan(&controls, &inside);
    let of = |connect: Reply, cluster: Reply, outer: Reply| {
        let steps = [api(), ("given-1", connect), ("name-of-cluster", cluster), ("name-outside", outer)];
        planned[0].attempt.judge(&Answers(steps.map(|(step, reply)| (step, answer(reply))).to_vec()))
    };
    let found = || lines("192.0.2.1");
    for (cluster, outer, word) in [
        (found(), found(), "can leave by names"),
        (silent(), found(), "can leave by names"),
        (found(), silent(), "is not"),
        (silent(), silent(), "no name"),
    ] {
        let outcome = of(silent(), cluster, outer);
        assert_eq!(outcome.verdict, Verdict::Inconclusive);
        assert!(outcome.reason.contains(word), "{}", outcome.reason);
    }
    assert_eq!(of(Reply::Connected, silent(), silent()).verdict, Verdict::Refuted);
}
