//! Services that are open to everybody, reached through the proxy of a real node.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::lab::{Lab, Profile};

use super::nodes::{TURN, start};
use super::{INCONCLUSIVE, PROVED, REFUTED, Row, expect, prove};

/// A console that never starts, and the address of a listener of the test in its place.
const CONSOLE: &str = r"
apiVersion: v1
kind: Pod
metadata: {name: dashboard, namespace: kube-system, labels: {app: dashboard}}
spec:
  schedulerName: nobody
  containers: [{name: dashboard, image: docker.io/kubernetesui/dashboard:v2.7.0}]
---
apiVersion: v1
kind: Service
metadata: {name: dashboard, namespace: kube-system}
spec:
  type: NodePort
  selector: {app: dashboard}
  ports: [{name: http, port: 80, targetPort: 18000, nodePort: 30080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: dashboard-by-hand
  namespace: kube-system
  labels: {kubernetes.io/service-name: dashboard, endpointslice.kubernetes.io/managed-by: test}
addressType: IPv4
endpoints: [{addresses: [10.244.0.1], conditions: {ready: true}}]
ports: [{name: http, port: 18000, protocol: TCP}]
";

const SELECT: &[&str] =
    &["--select", "exposure/dashboard,exposure/dashboard-authentication,exposure/service-types"];

/// Answers everything in the same way until it is over.
fn serve(listener: &TcpListener, status: &str, body: &str, ended: &AtomicBool) {
    listener.set_nonblocking(true).expect("a listener");
    while !ended.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((mut stream, _)) => {
                stream.set_nonblocking(false).expect("a stream");
                let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
                let _ = stream.read(&mut [0; 4096]);
                let head =
                    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close", body.len());
                let _ = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes());
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Ends what listens, also when the test fails: it is waited for.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Tries what is open while somebody listens behind it.
fn tried(lab: &Lab, status: &str, body: &str, rows: &[Row]) {
    let listener = lab.inside(|| TcpListener::bind(("10.244.0.1", 18000))).expect("a port");
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| serve(&listener, status, body, &ended));
        let _end = End(&ended);
        expect(&prove(lab, SELECT), rows);
    });
}

#[test]
fn an_open_console_is_told_from_one_with_a_login_and_from_a_closed_port() {
    const SERVICE: &str = "kube-system/dashboard";
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(lab) = start(Profile::hardened()) else { return };
    lab.apply(CONSOLE).expect("objects");
    // The proxy of the node learns of it a moment later.
    let listener = lab.inside(|| TcpListener::bind(("10.244.0.1", 18000))).expect("a port");
    let end = std::time::Instant::now() + Duration::from_secs(60);
    while lab.inside(|| std::net::TcpStream::connect(("10.244.0.1", 30080))).is_err() {
        assert!(std::time::Instant::now() < end, "nothing leads to the console: {}", lab.log("kube-proxy"));
        std::thread::sleep(Duration::from_millis(200));
    }
    drop(listener);
    let reached = [("exposure/dashboard", SERVICE, REFUTED), ("exposure/service-types", SERVICE, REFUTED)];
    let rows =
        |verdict| [reached.as_slice(), &[("exposure/dashboard-authentication", SERVICE, verdict)]].concat();
    tried(&lab, "200 OK", r#"{"listMeta": {"totalItems": 4}, "namespaces": []}"#, &rows(REFUTED));
    tried(&lab, "401 Unauthorized", r#"{"ErrStatus": {}}"#, &rows(PROVED));
    // A page that is shown to everybody, as before a login.
    tried(&lab, "200 OK", "<html>", &rows(INCONCLUSIVE));
    // Nobody listens: that protects nothing.
    expect(
        &prove(&lab, SELECT),
        &[
            ("exposure/dashboard", SERVICE, INCONCLUSIVE),
            ("exposure/service-types", SERVICE, INCONCLUSIVE),
            ("exposure/dashboard-authentication", SERVICE, INCONCLUSIVE),
        ],
    );
}
