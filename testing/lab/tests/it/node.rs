use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lab::{Lab, NODE, Profile};
use serde_json::{Value, json};

use crate::host::{self, Host};

/// One at a time: each looks at the whole machine before and after.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn pods_run_on_the_insecure_node_and_nothing_is_left_of_it() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = Host::now();
    let lab = match Lab::start(Profile::insecure().with_nodes()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let namespace = namespace(&lab);
    assert!(!host::control_groups().is_empty());

    // A program of this machine, with the libraries that it needs.
    lab.add_image("docker.io/local/tools:1", &[Path::new("/usr/sbin/runc")]).unwrap();
    lab.apply(&pod(
        "docker.io/local/tools:1",
        "runc --version | head -n 1; echo | timeout 5 nc -w 3 10.0.0.1 443 >/dev/null && echo reached; \
         exec httpd -f -p 8080 -h /etc",
    ))
    .unwrap();
    let address = wait("no pod runs", || {
        let pod = get(&lab, "/api/v1/namespaces/default/pods/web");
        (pod["status"]["phase"] == "Running").then(|| pod["status"]["podIP"].as_str().map(str::to_owned))?
    });
    assert!(address.starts_with("10.244.0."), "{address}");

    // The API server fetches logs from the kubelet, and the pod reached the API server by its Service.
    wait("the pod does not reach the API server", || {
        let log = lab.request("admin", "GET", "/api/v1/namespaces/default/pods/web/log").unwrap();
        (log.body.starts_with("runc version") && log.body.ends_with("reached\n")).then_some(())
    });
    wait("the pod serves nothing", || {
        fetch(&lab, &address, 8080, "/passwd").contains("nobody").then_some(())
    });
    // Anybody may ask the port for reading.
    let pods = fetch(&lab, &node_address(&lab), 10255, "/pods");
    assert!(pods.contains(r#""name":"web""#), "{pods}");

    assert_configuration(
        &lab,
        &[
            ("/authentication/anonymous/enabled", json!(true)),
            ("/authentication/webhook/enabled", json!(false)),
            ("/authorization/mode", json!("AlwaysAllow")),
            ("/readOnlyPort", json!(10255)),
            ("/podPidsLimit", json!(-1)),
            ("/maxPods", json!(40)),
            ("/makeIPTablesUtilChains", json!(false)),
            // Flags win over files.
            ("/eventRecordQPS", json!(0)),
            ("/streamingConnectionIdleTimeout", json!("0s")),
        ],
    );

    drop(lab);
    assert!(host::processes_in(&namespace).is_empty(), "processes are left");
    assert_eq!(Host::now(), before);
}

#[test]
fn the_hardened_node_merges_its_drop_ins_and_nothing_is_left_when_a_test_panics() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(skip) = lab::nodes_available() {
        return skip.announce();
    }
    let before = Host::now();
    let (sender, receiver) = std::sync::mpsc::channel();
    let test = std::thread::spawn(move || {
        let lab = Lab::start(Profile::hardened().with_nodes()).unwrap();
        sender.send(namespace(&lab)).unwrap();
        assert_configuration(
            &lab,
            &[
                ("/authentication/anonymous/enabled", json!(false)),
                ("/authentication/webhook/enabled", json!(true)),
                ("/authorization/mode", json!("Webhook")),
                ("/readOnlyPort", json!(null)),
                ("/podPidsLimit", json!(1024)),
                ("/seccompDefault", json!(true)),
                ("/protectKernelDefaults", json!(true)),
                ("/enableProfilingHandler", json!(false)),
                ("/streamingConnectionIdleTimeout", json!("5m0s")),
                // From the file itself, beside what a drop-in says in the same mapping.
                ("/authentication/x509/clientCAFile", json!(lab.folder().join("pki/ca.crt"))),
                ("/evictionHard/memory.available", json!("10Mi")),
                // A list takes the place of another one.
                (
                    "/tlsCipherSuites",
                    json!([
                        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                    ]),
                ),
            ],
        );
        // The kubelet asks the API server who may do what.
        let status = |identity: &str| lab.ask_kubelet(identity, "GET", "/pods").unwrap().status;
        assert_eq!(status("admin"), 200);
        assert_eq!(status("nobody"), 403);
        assert_eq!(status("anonymous"), 401);
        // A pod that stands in a folder of the node runs past all admission.
        wait("the static pod does not run", || {
            let pod = get(&lab, &format!("/api/v1/namespaces/kube-system/pods/agent-{NODE}"));
            (pod["status"]["phase"] == "Running").then_some(())
        });
        panic!("on purpose");
    });
    let namespace = receiver.recv().unwrap();
    let panic = test.join().unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"), "it failed before");
    assert!(host::processes_in(&namespace).is_empty(), "processes are left");
    assert_eq!(Host::now(), before);
}

/// Not a test: what [`nothing_of_a_node_outlives_a_test_process_that_is_killed`] starts and kills.
#[test]
#[ignore = "it waits to be killed"]
fn wait_to_be_killed() {
    let _lab = Lab::start(Profile::insecure().with_nodes()).unwrap();
    std::thread::sleep(Duration::from_secs(120));
}

#[test]
fn nothing_of_a_node_outlives_a_test_process_that_is_killed() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(skip) = lab::nodes_available() {
        return skip.announce();
    }
    let before = Host::now();
    let folder = tempfile::tempdir().unwrap();
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "node::wait_to_be_killed"])
        .env("TMPDIR", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let labs = || std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.path());
    // In the midst of starting: the API server runs, containerd may.
    let namespace = wait("the other test starts no node", || {
        let lab = labs().next()?;
        std::fs::metadata(lab.join("logs/kube-apiserver.log")).ok()?;
        let init = std::fs::read_to_string(lab.join("init")).ok()?;
        host::namespace_of(init.trim().parse().ok()?)
    });
    assert!(host::processes_in(&namespace).len() > 2);
    test.kill().unwrap();
    test.wait().unwrap();
    wait("something of the node lives on", || {
        (host::processes_in(&namespace).is_empty() && labs().next().is_none()).then_some(())
    });
    assert_eq!(Host::now(), before);
}

/// A pod that is told to end and does.
fn pod(image: &str, command: &str) -> String {
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [{
            "name": "main",
            "image": image,
            "imagePullPolicy": "Never",
            "command": ["sh", "-c", command],
        }]},
    });
    pod.to_string()
}

/// What the kubelet itself says of its configuration, by JSON pointers.
fn assert_configuration(lab: &Lab, expected: &[(&str, Value)]) {
    let told = get(lab, &format!("/api/v1/nodes/{NODE}/proxy/configz"));
    for (pointer, value) in expected {
        let found = told["kubeletconfig"].pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(&found, value, "{pointer}");
    }
}

fn get(lab: &Lab, path: &str) -> Value {
    serde_json::from_str(&lab.request("admin", "GET", path).unwrap().body).unwrap()
}

fn node_address(lab: &Lab) -> String {
    let node = get(lab, &format!("/api/v1/nodes/{NODE}"));
    node["status"]["addresses"][0]["address"].as_str().unwrap().to_owned()
}

/// What a server in the network of the lab answers, or nothing.
fn fetch(lab: &Lab, address: &str, port: u16, path: &str) -> String {
    let Ok(mut stream) = lab.inside(|| TcpStream::connect((address, port))) else { return String::new() };
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The namespace of pids that everything of a lab is in.
fn namespace(lab: &Lab) -> String {
    let init = std::fs::read_to_string(lab.folder().join("init")).unwrap();
    host::namespace_of(init.trim().parse().unwrap()).unwrap()
}

fn wait<T>(problem: &str, done: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(result) = done() {
            return result;
        }
        assert!(Instant::now() < deadline, "{problem}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
