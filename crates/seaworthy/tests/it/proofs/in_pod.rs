//! From inside: real pods on the node of a lab, by hand and started by `prove`.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::lab::{Lab, Profile};
use serde_json::{Value, json};

use super::{INCONCLUSIVE, PROVED, REFUTED, Row, expect, prove};

pub(super) const IMAGE: &str = "docker.io/local/seaworthy:1";

/// What `prove` starts pods for.
const CANARY: [&str; 5] = ["--consent", "canary", "--probe-image", IMAGE, "--select"];
const CONTROLS: &str =
    "kubelet/seccomp-default,network/enforcement,network/control-plane-reach,network/metadata-egress";

pub(super) fn start(profile: Profile) -> Option<Lab> {
    match Lab::start(profile.with_nodes()) {
        Ok(lab) => {
            lab.add_image(IMAGE, &[Path::new(env!("CARGO_BIN_EXE_seaworthy"))]).expect("an image");
            Some(lab)
        }
        Err(skip) => {
            skip.announce();
            None
        }
    }
}

/// A pod that looks around, as its security context lets it.
fn pod(name: &str, automount: bool, pod: Value, container: Value, mounts: &[(&str, &str)]) -> Value {
    let variable =
        |name: &str, field: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}});
    let volumes: Vec<_> = mounts
        .iter()
        .enumerate()
        .map(|(index, (path, _))| json!({"name": format!("v{index}"), "hostPath": {"path": path}}))
        .collect();
    let volume_mounts: Vec<_> = mounts
        .iter()
        .enumerate()
        .map(|(index, (_, at))| json!({"name": format!("v{index}"), "mountPath": at, "readOnly": true}))
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": automount,
            "securityContext": pod,
            "volumes": volumes,
            "containers": [{
                "name": "main", "image": IMAGE, "imagePullPolicy": "Never",
                "command": ["/seaworthy", "prove", "--in-pod", "--no-config", "--format", "json"],
                "env": [
                    variable("SEAWORTHY_POD", "metadata.name"),
                    variable("SEAWORTHY_NAMESPACE", "metadata.namespace"),
                    variable("SEAWORTHY_NODE", "status.hostIP"),
                    {"name": "DB_PASSWORD", "value": "not-to-be-seen"},
                ],
                "securityContext": container,
                "volumeMounts": volume_mounts,
            }],
        },
    })
}

/// Starts a pod and reads what it wrote.
fn log(lab: &Lab, pod: &Value) -> Value {
    let folder = "/api/v1/namespaces/default/pods";
    let name = pod["metadata"]["name"].as_str().expect("a name");
    lab.apply(&pod.to_string()).expect("a pod");
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let state = lab.request("admin", "GET", &format!("{folder}/{name}")).expect("an answer");
        let state: Value = serde_json::from_str(&state.body).expect("JSON");
        let phase = state["status"]["phase"].as_str().unwrap_or_default();
        if phase == "Succeeded" || phase == "Failed" {
            let log = lab.request("admin", "GET", &format!("{folder}/{name}/log")).expect("a log").body;
            assert_eq!(phase, "Succeeded", "{log}");
            assert!(!log.contains("not-to-be-seen") && !log.contains("eyJ"), "a secret is printed");
            return serde_json::from_str(&log).unwrap_or_else(|error| panic!("{error}: {log}"));
        }
        assert!(Instant::now() < deadline, "{name} does not end: {}", state["status"]);
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// A pod that asks for nothing, and so gets what everybody gets. The kubelet of the insecure lab gives no seccomp profile, its
/// containerd all capabilities of the default set, and everything is allowed to every account.
const ORDINARY: &[Row] = &[
    ("service-accounts/automount-token", "default/ordinary", REFUTED),
    // The API server of the insecure lab extends tokens to a year.
    ("service-accounts/token-binding", "default/ordinary", REFUTED),
    // The controller manager is not told the authority of the API server, so that pods have an empty certificate: nobody shows
    // a token to a server that nobody vouches for.
    ("rbac/secret-access", "default/ordinary", INCONCLUSIVE),
    ("rbac/cluster-admin", "default/ordinary", INCONCLUSIVE),
    ("pods/privileged", "default/ordinary", PROVED),
    ("pods/capabilities-added", "default/ordinary", PROVED),
    ("pods/capabilities-dropped", "default/ordinary", REFUTED),
    ("pods/privilege-escalation", "default/ordinary", REFUTED),
    ("pods/run-as-non-root", "default/ordinary", REFUTED),
    ("pods/read-only-root-filesystem", "default/ordinary", REFUTED),
    ("pods/proc-mount", "default/ordinary", PROVED),
    ("pods/host-path", "default/ordinary", PROVED),
    ("pods/runtime-socket", "default/ordinary", PROVED),
    ("pods/host-namespaces", "default/ordinary", PROVED),
    ("pods/user-namespaces", "default/ordinary", REFUTED),
    ("secrets/as-files", "default/ordinary", REFUTED),
    ("secrets/memory-backed", "default/ordinary", PROVED),
    ("network/control-plane-reach", "default/ordinary", REFUTED),
    ("network/metadata-egress", "default/ordinary", INCONCLUSIVE),
    ("network/default-deny-egress", "default/ordinary", INCONCLUSIVE),
];

/// One that has been made as tight as can be.
const RESTRICTED: &[Row] = &[
    ("service-accounts/automount-token", "default/restricted", PROVED),
    ("service-accounts/token-binding", "default/restricted", INCONCLUSIVE),
    ("pods/privileged", "default/restricted", PROVED),
    ("pods/capabilities-dropped", "default/restricted", PROVED),
    ("pods/privilege-escalation", "default/restricted", PROVED),
    ("pods/run-as-non-root", "default/restricted", PROVED),
    ("pods/seccomp-unconfined", "default/restricted", PROVED),
    ("pods/read-only-root-filesystem", "default/restricted", PROVED),
    ("pods/host-namespaces", "default/restricted", PROVED),
    ("secrets/memory-backed", "default/restricted", INCONCLUSIVE),
    ("network/control-plane-reach", "default/restricted", REFUTED),
];

/// One that holds what intruders look for.
const OPEN: &[Row] = &[
    ("pods/privileged", "default/open", REFUTED),
    ("pods/capabilities-added", "default/open", REFUTED),
    ("pods/proc-mount", "default/open", REFUTED),
    ("pods/host-path", "default/open", REFUTED),
    ("pods/runtime-socket", "default/open", REFUTED),
];

#[test]
fn an_intruder_finds_what_pods_of_an_insecure_lab_leave_open() {
    let Some(lab) = start(Profile::insecure()) else { return };
    expect(&log(&lab, &pod("ordinary", true, json!({}), json!({}), &[])), ORDINARY);
    let context =
        json!({"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}});
    let container = json!({
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
    });
    let report = log(&lab, &pod("restricted", false, context, container, &[]));
    expect(&report, RESTRICTED);
    let rights = report["proofs"].as_array().expect("proofs").iter();
    let rights = rights.filter(|proof| proof["control"].as_str().is_some_and(|id| id.starts_with("rbac/")));
    assert_eq!(rights.count(), 0, "who has no token has no rights to speak of");
    let mounts = [("/run/containerd", "/host/containerd"), ("/etc", "/host/etc")];
    expect(&log(&lab, &pod("open", true, json!({}), json!({"privileged": true}), &mounts)), OPEN);

    // What `prove` starts itself.
    let arguments = [&CANARY[..], &[CONTROLS]].concat();
    let rows: &[Row] = &[
        ("kubelet/seccomp-default", "node1", REFUTED),
        // The bridge of the lab knows nothing of policies.
        ("network/enforcement#ingress", "pod network", REFUTED),
        ("network/enforcement#egress", "pod network", REFUTED),
        ("network/control-plane-reach", "pods of a new namespace", REFUTED),
        ("network/metadata-egress", "pods of a new namespace", INCONCLUSIVE),
    ];
    expect(&prove(&lab, &arguments), rows);
    let left = lab.request("admin", "GET", "/api/v1/namespaces").expect("namespaces").body;
    let left: Value = serde_json::from_str(&left).expect("JSON");
    let ours = |namespace: &&Value| {
        namespace["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("seaworthy-probe-"))
            && namespace["metadata"]["deletionTimestamp"].is_null()
    };
    let left: Vec<&Value> = left["items"].as_array().expect("items").iter().filter(ours).collect();
    assert!(left.is_empty(), "{left:?}");

    with_metadata_service(&lab, || {
        let arguments = [&CANARY[..], &["network/metadata-egress"]].concat();
        expect(&prove(&lab, &arguments), &[("network/metadata-egress", "pods of a new namespace", REFUTED)]);
    });
}

#[test]
fn what_a_hardened_node_keeps_from_pods_is_proved() {
    // With `AlwaysPullImages` no pod starts where there is no registry.
    let profile =
        Profile::hardened().with_flag("kube-apiserver", "enable-admission-plugins", "NodeRestriction");
    let Some(lab) = start(profile) else { return };
    let context =
        json!({"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}});
    let container = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    let rows: &[Row] = &[
        ("service-accounts/automount-token", "default/web", REFUTED),
        ("service-accounts/token-binding", "default/web", PROVED),
        ("secrets/memory-backed", "default/web", PROVED),
        ("rbac/secret-access", "default/web", PROVED),
        ("rbac/exec-access", "default/web", PROVED),
        ("rbac/cluster-admin", "default/web", PROVED),
        // It may not write in `/` itself, which is no protection of the rest.
        ("pods/read-only-root-filesystem", "default/web", REFUTED),
    ];
    expect(&log(&lab, &pod("web", true, context, container, &[])), rows);
    // A policy for the host: pods do not reach the node but for the API server.
    let address = "10.244.0.1";
    let rule = format!(
        "add table inet lab; add chain inet lab input {{ type filter hook input priority 0; policy accept; }}; \
         add rule inet lab input ip saddr 10.244.0.0/24 ip saddr != {address} tcp dport {{ 10250, 10255, 10249, 10256, 10257, 10259, 2379, 2380 }} drop"
    );
    nft(&lab, &rule);
    let select = "kubelet/seccomp-default,network/control-plane-reach";
    let arguments = [&CANARY[..], &[select]].concat();
    let rows: &[Row] = &[
        ("kubelet/seccomp-default", "node1", PROVED),
        ("network/control-plane-reach", "pods of a new namespace", PROVED),
    ];
    expect(&prove(&lab, &arguments), rows);

    // The bridge of the lab knows nothing of policies: rules stand in for a plugin that does, while there are policies.
    let arguments = [&CANARY[..], &["network/enforcement", "--at-a-time", "1"]].concat();
    for (dropped, verdict) in [("18081", PROVED), ("18080-18081", INCONCLUSIVE)] {
        let rows: &[Row] = &[("network/enforcement", "pod network", verdict)];
        with_enforcement(&lab, dropped, || expect(&prove(&lab, &arguments), rows));
    }

    // Now the network is dead altogether: nothing looks like protection.
    nft(
        &lab,
        &format!(
            "add rule inet lab input ip saddr 10.244.0.0/24 ip saddr != {address} drop; add chain inet lab forward {{ type filter hook forward priority 0; policy drop; }}"
        ),
    );
    let arguments = [&CANARY[..], &["network/control-plane-reach"]].concat();
    let rows: &[Row] = &[("network/control-plane-reach", "pods of a new namespace", INCONCLUSIVE)];
    expect(&prove(&lab, &arguments), rows);
    // Without an image nobody can look.
    let rows: &[Row] = &[("network/enforcement", "pod network", INCONCLUSIVE)];
    expect(&prove(&lab, &["--consent", "canary", "--select", "network/enforcement"]), rows);
}

pub(super) fn nft(lab: &Lab, rules: &str) {
    let output = lab.command("nft").arg(rules).output().expect("nft runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// While something runs, ports between pods are closed as long as there are two policies.
fn with_enforcement(lab: &Lab, ports: &str, run: impl FnOnce()) {
    let look = || {
        let policies =
            lab.request("admin", "GET", "/apis/networking.k8s.io/v1/networkpolicies").expect("an answer");
        let policies: Value = serde_json::from_str(&policies.body).expect("JSON");
        policies["items"].as_array().is_some_and(|items| items.len() >= 2)
    };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut closed = false;
            while !done.load(Ordering::Relaxed) {
                let wanted = look();
                match (wanted, closed) {
                    (true, false) => nft(
                        lab,
                        &format!(
                            "add table bridge lab; add chain bridge lab forward {{ type filter hook forward priority 0; policy accept; }}; \
                             add rule bridge lab forward tcp dport {ports} drop"
                        ),
                    ),
                    (false, true) => nft(lab, "delete table bridge lab"),
                    _ => {}
                }
                closed = wanted;
                std::thread::sleep(Duration::from_millis(100));
            }
            if closed {
                nft(lab, "delete table bridge lab");
            }
        });
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        done.store(true, Ordering::Relaxed);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
}

/// While something runs, a service at the address of link-local metadata hands out tokens as AWS does.
fn with_metadata_service(lab: &Lab, run: impl FnOnce()) {
    let output = lab.command("ip").args(["address", "add", "169.254.169.254/32", "dev", "lo"]).output();
    assert!(output.expect("ip runs").status.success());
    let listener = lab.inside(|| TcpListener::bind("169.254.169.254:80")).expect("a listener");
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let Ok((mut stream, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                };
                let _ = stream.set_nonblocking(false);
                let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
                let mut request = [0; 2048];
                let read = stream.read(&mut request).unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).to_ascii_lowercase();
                // The second version alone: who just GETs is refused.
                let is_token = request.starts_with("put /latest/api/token")
                    && request.contains("x-aws-ec2-metadata-token-ttl-seconds");
                let answer = if is_token {
                    "200 OK\r\ncontent-length: 5\r\n\r\ntoken"
                } else {
                    "401 Unauthorized\r\ncontent-length: 0\r\n\r\n"
                };
                let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes());
            }
        });
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        done.store(true, Ordering::Relaxed);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
}
