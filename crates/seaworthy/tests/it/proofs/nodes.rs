//! Nodes and the ports of the control plane: real kubelets, asked inside of the network of a lab.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::lab::{Lab, Profile};

use super::{INCONCLUSIVE, PROVED, REFUTED, Row, Verdicts, expect, matches, prove, prove_as, told, verdicts};

/// What stands on nodes.
const SELECT: &[&str] = &[
    "--select",
    "kubelet/anonymous-auth,kubelet/authorization-mode,kubelet/client-ca,kubelet/read-only-port,kubelet/safe-defaults,\
     kubelet/debug-handlers,kube-proxy/metrics-bind,control-plane/component-tls,control-plane/bind-address,container-runtime/socket-permissions,rbac/nodes-proxy,clients/kubectl-proxy,\
     kubelet/certificates,kubelet/tls-strength,api-server/kubelet-tls",
];

/// The scheduler and the controller manager of a node lab, by loopback and by the address of the node.
const COMPONENTS: &[&str] = &[
    "--scheduler",
    "https://127.0.0.1:10259,https://10.244.0.1:10259",
    "--controller-manager",
    "https://127.0.0.1:10257,https://10.244.0.1:10257",
];

const HARDENED: &[Row] = &[
    ("kubelet/anonymous-auth", "node1", PROVED),
    ("kubelet/authorization-mode", "node1", PROVED),
    ("kubelet/client-ca", "node1", PROVED),
    ("kubelet/read-only-port", "node1", PROVED),
    ("kubelet/safe-defaults#health-port", "node1", PROVED),
    ("kubelet/debug-handlers", "node1", PROVED),
    ("kubelet/certificates", "node1", PROVED),
    ("kubelet/tls-strength", "node1", PROVED),
    // Its certificate is good, so that nobody sees whether the API server looks at it.
    ("api-server/kubelet-tls", "node1", INCONCLUSIVE),
    ("kube-proxy/metrics-bind", "node1", PROVED),
    ("container-runtime/socket-permissions", "node1", PROVED),
    ("control-plane/component-tls#credentials", "127.0.0.1:10259", PROVED),
    ("control-plane/component-tls#credentials", "127.0.0.1:10257", PROVED),
    // They listen on loopback: off their host there is nobody to be asked.
    ("control-plane/component-tls#credentials", "10.244.0.1:10259", INCONCLUSIVE),
    ("control-plane/component-tls#credentials", "10.244.0.1:10257", INCONCLUSIVE),
    ("control-plane/bind-address#off-host", "10.244.0.1:10259", PROVED),
    ("control-plane/bind-address#off-host", "10.244.0.1:10257", PROVED),
    ("rbac/nodes-proxy", "system:authenticated", PROVED),
    ("clients/kubectl-proxy#ports", "node1", PROVED),
    ("clients/kubectl-proxy#this-machine", "this machine", PROVED),
];

const INSECURE: &[Row] = &[
    ("kubelet/anonymous-auth", "node1", REFUTED),
    // The API server grants everything to everybody as well; the kubelet says itself that it does not ask.
    ("kubelet/authorization-mode", "node1", REFUTED),
    ("kubelet/client-ca", "node1", REFUTED),
    ("kubelet/read-only-port", "node1", REFUTED),
    ("kubelet/debug-handlers", "node1", REFUTED),
    ("kubelet/certificates", "node1", REFUTED),
    ("kubelet/tls-strength", "node1", REFUTED),
    ("api-server/kubelet-tls", "node1", REFUTED),
    ("kube-proxy/metrics-bind", "node1", REFUTED),
    // Closed, but nobody vouches for a kubelet that signs its own certificate and lets everybody in.
    ("kubelet/safe-defaults#health-port", "node1", INCONCLUSIVE),
    ("container-runtime/socket-permissions", "node1", INCONCLUSIVE),
    ("control-plane/component-tls#credentials", "127.0.0.1:10259", REFUTED),
    ("control-plane/component-tls#credentials", "10.244.0.1:10257", REFUTED),
    ("control-plane/bind-address#off-host", "10.244.0.1:10259", REFUTED),
    ("control-plane/bind-address#off-host", "10.244.0.1:10257", REFUTED),
    ("rbac/nodes-proxy", "system:authenticated", REFUTED),
];

/// One at a time: a node is a lot for a machine.
pub(super) static TURN: Mutex<()> = Mutex::new(());

pub(super) fn start(profile: Profile) -> Option<Lab> {
    let lab = ::lab::nodes_available().and_then(|()| Lab::start(profile.with_nodes()));
    lab.map_err(|skip| skip.announce()).ok()
}

/// Tries what stands on nodes, as an administrator with the certificate of somebody who may do nothing.
fn try_node(lab: &Lab) -> serde_json::Value {
    let pki = lab.folder().join("pki");
    let (certificate, key) = (pki.join("nobody.crt"), pki.join("nobody.key"));
    let ordinary = [
        "--ordinary-cert",
        certificate.to_str().expect("a path"),
        "--ordinary-key",
        key.to_str().expect("a path"),
    ];
    prove(lab, &[SELECT, COMPONENTS, &ordinary].concat())
}

#[test]
fn the_insecure_node_refutes_what_it_should() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(lab) = start(Profile::insecure()) else { return };
    expect(&try_node(&lab), INSECURE);
}

/// What is broken on a node that runs: a drop-in of its kubelet, another program's flags or file.
enum Break {
    Kubelet(&'static str),
    Flags(&'static str, &'static [(&'static str, &'static str)]),
    File(&'static str, &'static str, &'static str, &'static str),
    Objects(&'static str),
    Stop(&'static str),
    Listener(&'static str, u16),
}

const MUTANTS: &[(&str, Break, &[Row])] = &[
    (
        "anonymous requests are let in, and their rights are asked for",
        Break::Kubelet("authentication: {anonymous: {enabled: true}}"),
        &[("kubelet/anonymous-auth", "node1", REFUTED)],
    ),
    (
        "whoever is let in may do everything",
        Break::Kubelet("authorization: {mode: AlwaysAllow}"),
        &[("kubelet/authorization-mode", "node1", REFUTED)],
    ),
    (
        "anybody may read on a port of its own",
        Break::Kubelet("readOnlyPort: 10255"),
        &[("kubelet/read-only-port", "node1", REFUTED)],
    ),
    (
        "nobody is known by a certificate",
        Break::Kubelet("authentication: {x509: {clientCAFile: \"\"}}"),
        &[
            ("kubelet/client-ca", "node1", REFUTED),
            // The ordinary user is nobody, too, and so is the API server.
            ("kubelet/authorization-mode", "node1", INCONCLUSIVE),
            ("kubelet/debug-handlers", "node1", INCONCLUSIVE),
        ],
    ),
    (
        "health is told to everybody",
        Break::Kubelet("healthzBindAddress: 0.0.0.0"),
        &[("kubelet/safe-defaults#health-port", "node1", REFUTED)],
    ),
    (
        "profiles can be taken",
        Break::Kubelet("enableProfilingHandler: true"),
        &[("kubelet/debug-handlers", "node1", REFUTED)],
    ),
    (
        "the level of logs can be set",
        Break::Kubelet("enableDebugFlagsHandler: true"),
        &[("kubelet/debug-handlers", "node1", REFUTED)],
    ),
    (
        "logs of the node can be read",
        Break::Kubelet("enableSystemLogHandler: true"),
        &[("kubelet/debug-handlers", "node1", REFUTED)],
    ),
    (
        "suites with CBC are taken",
        // Its key is one of ECDSA.
        Break::Kubelet(
            "tlsCipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]",
        ),
        &[("kubelet/tls-strength", "node1", REFUTED)],
    ),
    (
        "the kubelet signs its own certificate",
        Break::Kubelet("tlsCertFile: \"\"\ntlsPrivateKeyFile: \"\""),
        &[
            ("kubelet/certificates", "node1", REFUTED),
            ("api-server/kubelet-tls", "node1", PROVED),
            // What only the API server can ask.
            ("kubelet/debug-handlers", "node1", INCONCLUSIVE),
        ],
    ),
    (
        "metrics of kube-proxy are open to the network",
        Break::File(
            "kube-proxy",
            "/var/lib/kube-proxy/config.conf",
            "metricsBindAddress: 127.0.0.1:10249",
            "metricsBindAddress: 0.0.0.0:10249",
        ),
        &[("kube-proxy/metrics-bind", "node1", REFUTED)],
    ),
    (
        "the scheduler listens on all addresses",
        Break::Flags("kube-scheduler", &[("bind-address", "0.0.0.0")]),
        &[
            ("control-plane/bind-address#off-host", "10.244.0.1:10259", REFUTED),
            // Now it can be asked there, and still refuses nobody's requests.
            ("control-plane/component-tls#credentials", "10.244.0.1:10259", PROVED),
            ("control-plane/component-tls#hellos", "10.244.0.1:10259", PROVED),
        ],
    ),
    (
        "the controller manager shows metrics to everybody",
        Break::Flags(
            "kube-controller-manager",
            &[("authorization-always-allow-paths", "/healthz,/readyz,/livez,/metrics")],
        ),
        &[("control-plane/component-tls#credentials", "127.0.0.1:10257", REFUTED)],
    ),
    (
        "a proxy of kubectl listens for everybody",
        Break::Listener("0.0.0.0", 8001),
        &[
            ("clients/kubectl-proxy#ports", "node1", REFUTED),
            ("clients/kubectl-proxy#this-machine", "this machine", REFUTED),
        ],
    ),
    // Whoever asks loopback alone finds a closed port.
    (
        "a proxy of kubectl listens on one address of the network",
        Break::Listener("10.244.0.1", 8080),
        &[
            ("clients/kubectl-proxy#ports", "node1", REFUTED),
            ("clients/kubectl-proxy#this-machine", "this machine", INCONCLUSIVE),
        ],
    ),
    (
        "a proxy of kubectl listens on loopback",
        Break::Listener("127.0.0.1", 8001),
        &[("clients/kubectl-proxy#this-machine", "this machine", INCONCLUSIVE)],
    ),
    (
        "a container runtime listens without TLS",
        Break::Listener("10.244.0.1", 2375),
        &[("container-runtime/socket-permissions", "node1", REFUTED)],
    ),
    // What must not be decided.
    ("kube-proxy is dead", Break::Stop("kube-proxy"), &[("kube-proxy/metrics-bind", "node1", INCONCLUSIVE)]),
    (
        "the scheduler is dead",
        Break::Stop("kube-scheduler"),
        &[
            ("control-plane/bind-address#off-host", "10.244.0.1:10259", INCONCLUSIVE),
            ("control-plane/component-tls", "127.0.0.1:10259", INCONCLUSIVE),
        ],
    ),
    (
        "the kubelet is dead",
        Break::Stop("kubelet"),
        &[
            ("kubelet/anonymous-auth", "node1", INCONCLUSIVE),
            ("kubelet/authorization-mode", "node1", INCONCLUSIVE),
            ("kubelet/client-ca", "node1", INCONCLUSIVE),
            ("kubelet/certificates", "node1", INCONCLUSIVE),
            ("kubelet/tls-strength", "node1", INCONCLUSIVE),
            ("kubelet/read-only-port", "node1", INCONCLUSIVE),
            ("kubelet/safe-defaults#health-port", "node1", INCONCLUSIVE),
            ("kubelet/debug-handlers", "node1", INCONCLUSIVE),
            ("kube-proxy/metrics-bind", "node1", INCONCLUSIVE),
            ("container-runtime/socket-permissions", "node1", INCONCLUSIVE),
            ("clients/kubectl-proxy#ports", "node1", INCONCLUSIVE),
            // Nothing else shows that the host lives.
            ("control-plane/bind-address#off-host", "*", INCONCLUSIVE),
        ],
    ),
    // The last one: rights are not taken back here.
    (
        "the ordinary user may read nodes/proxy, which is to run commands",
        Break::Objects(
            r"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: metrics-reader}
rules: [{apiGroups: [''], resources: [nodes/proxy], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: metrics-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: metrics-reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: nobody}]
",
        ),
        &[
            ("rbac/nodes-proxy", "nobody", REFUTED),
            // Somebody with rights cannot show what happens without.
            ("kubelet/authorization-mode", "node1", INCONCLUSIVE),
        ],
    ),
];

const DROP_IN: &str = "/etc/kubernetes/kubelet.conf.d/99-mutant.conf";

#[test]
fn one_thing_broken_on_a_node_turns_one_verdict() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(mut lab) = start(Profile::hardened()) else { return };
    let report = try_node(&lab);
    expect(&report, HARDENED);
    let baseline = verdicts(&report);
    cannot_be_seen_by_a_viewer(&lab);
    let mut wrong = Vec::new();
    for (name, broken, turns) in MUTANTS {
        let mut report = while_broken(&mut lab, broken);
        // Now and then the kubelet of the lab ends by itself. Then nothing can be seen of it, and it is tried again; a
        // verdict that decides something is never tried twice.
        for _ in 0..2 {
            let died = lab.ask_kubelet("admin", "GET", "/healthz").is_err();
            let decided = |(proof, verdict): (&(String, String), &String)| {
                let foreseen = turns.iter().any(|row| matches(row, proof) && row.2 == verdict);
                let is_new = baseline.get(proof).is_none_or(|before| before != verdict);
                !foreseen && verdict != INCONCLUSIVE && is_new
            };
            if !died || verdicts(&report).iter().any(decided) {
                break;
            }
            println!("{name}: the kubelet has ended: {}", lab.log("kubelet"));
            restart(&mut lab, "kubelet", &[]);
            report = while_broken(&mut lab, broken);
        }
        wrong.extend(unforeseen(&baseline, &report, turns).into_iter().map(|what| format!("{name}: {what}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    seen_from_outside(&lab);
}

/// Who says that this machine is outside learns what strangers reach.
fn seen_from_outside(lab: &Lab) {
    let select = "exposure/control-plane-ports,exposure/api-server-public";
    expect(
        &prove(lab, &["--from-outside", "--select", select]),
        &[
            ("exposure/control-plane-ports", "node1", REFUTED),
            ("exposure/api-server-public", "API server", REFUTED),
        ],
    );
}

/// Without the right to list nodes there is nobody to be asked, unless an address is given; and the way through the API
/// server is closed.
fn cannot_be_seen_by_a_viewer(lab: &Lab) {
    let select: &[&str] =
        &["--select", "kubelet/anonymous-auth,kubelet/debug-handlers,control-plane/bind-address"];
    let try_as_viewer =
        |arguments: &[&str]| prove_as(lab, &lab.kubeconfig("viewer"), &[select, arguments].concat());
    expect(
        &try_as_viewer(&[]),
        &[
            ("kubelet/anonymous-auth", "nodes", INCONCLUSIVE),
            ("kubelet/debug-handlers", "nodes", INCONCLUSIVE),
            ("control-plane/bind-address#off-host", "scheduler", INCONCLUSIVE),
        ],
    );
    expect(
        &try_as_viewer(&["--at-node", "10.244.0.1", "--scheduler", "https://10.244.0.1:10259"]),
        &[
            // Its certificate names a node of the cluster.
            ("kubelet/anonymous-auth", "10.244.0.1", PROVED),
            ("kubelet/debug-handlers", "10.244.0.1", INCONCLUSIVE),
            // Closed, and the viewer may not know whether a scheduler runs there.
            ("control-plane/bind-address#off-host", "10.244.0.1:10259", INCONCLUSIVE),
        ],
    );
}

/// Breaks one thing, tries everything, and mends it again.
fn while_broken(lab: &mut Lab, broken: &Break) -> serde_json::Value {
    match broken {
        Break::Kubelet(setting) => {
            let file = lab.on_node(DROP_IN);
            let kind = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
            fs::write(&file, format!("{kind}{setting}\n")).expect("a drop-in");
            restart(lab, "kubelet", &[]);
            let report = try_node(lab);
            fs::remove_file(&file).expect("a drop-in");
            restart(lab, "kubelet", &[]);
            report
        }
        Break::Flags(program, flags) => {
            restart(lab, program, flags);
            let report = try_node(lab);
            restart(lab, program, &[]);
            report
        }
        Break::File(program, path, before, after) => {
            let file = lab.on_node(path);
            let text = fs::read_to_string(&file).expect("a file");
            assert!(text.contains(before), "{text}");
            fs::write(&file, text.replace(before, after)).expect("a file");
            restart(lab, program, &[]);
            let report = try_node(lab);
            fs::write(&file, text).expect("a file");
            restart(lab, program, &[]);
            report
        }
        Break::Objects(objects) => {
            lab.apply(objects).expect("objects");
            // The server learns of them a moment later.
            wait("the right is not granted", || {
                let answer = lab.request("nobody", "GET", "/api/v1/nodes/node1/proxy/healthz");
                answer.is_ok_and(|answer| answer.status == 200)
            });
            try_node(lab)
        }
        Break::Stop(program) => {
            lab.stop(program).expect("it runs");
            let report = try_node(lab);
            restart(lab, program, &[]);
            report
        }
        Break::Listener(address, port) => {
            let listener = lab.inside(|| TcpListener::bind((*address, *port))).expect("a port");
            listener.set_nonblocking(true).expect("a listener");
            let ended = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| serve(&listener, &ended));
                let report = try_node(lab);
                ended.store(true, Ordering::Relaxed);
                report
            })
        }
    }
}

/// What Docker answers, and a proxy of kubectl, until somebody hangs up.
fn serve(listener: &TcpListener, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((mut stream, _)) => {
                stream.set_nonblocking(false).expect("a stream");
                let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
                let mut asked = [0; 4096];
                let size = stream.read(&mut asked).unwrap_or(0);
                let body = match asked[..size].starts_with(b"GET /api ") {
                    true => r#"{"kind": "APIVersions", "versions": ["v1"]}"#,
                    false => r#"{"Version": "27.0.1"}"#,
                };
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close", body.len());
                let _ = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes());
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Starts a program anew and waits until it serves, and until the API server sees it.
fn restart(lab: &mut Lab, program: &str, flags: &[(&str, &str)]) {
    lab.restart(program, flags).expect("a restart");
    let port = match program {
        "kubelet" => 10250,
        "kube-proxy" => 10249,
        "kube-scheduler" => 10259,
        _ => 10257,
    };
    wait(&format!("`{program}` does not serve: {}", lab.log(program)), || {
        lab.inside(|| TcpStream::connect(("127.0.0.1", port))).is_ok()
    });
    let status = match program {
        "kube-scheduler" => "/api/v1/componentstatuses/scheduler",
        "kube-controller-manager" => "/api/v1/componentstatuses/controller-manager",
        _ => return,
    };
    wait(&format!("`{program}` is not healthy"), || {
        lab.request("admin", "GET", status).is_ok_and(|answer| answer.body.contains("\"True\""))
    });
}

/// What a report says beyond the rows that turn: verdicts that differ from those before, and rows that nothing answers.
fn unforeseen(baseline: &Verdicts, report: &serde_json::Value, turns: &[Row]) -> Vec<String> {
    let found = verdicts(report);
    let mut wrong = Vec::new();
    for (proof, verdict) in &found {
        let row = turns.iter().find(|row| matches(row, proof)).map(|row| row.2);
        let expected = row.or_else(|| baseline.get(proof).map(String::as_str)).unwrap_or("foreseen");
        if verdict != expected {
            let told = told(report, &proof.0, &proof.1);
            wrong.push(format!("{} of {}: {verdict}, not {expected}\n{told}", proof.0, proof.1));
        }
    }
    let unanswered = turns.iter().filter(|row| !found.keys().any(|proof| matches(row, proof)));
    wrong.extend(unanswered.map(|row| format!("{} of {}: no proof", row.0, row.1)));
    wrong
}

fn wait(problem: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{problem}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
