//! `scan --cluster --watch` on a real API server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ::lab::{Lab, Profile};
use serde_json::Value;

use crate::program::command;

/// A program that is ended with the test.
struct Watching {
    child: Child,
    lines: Receiver<Value>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Watching {
    fn start(lab: &Lab, arguments: &[&str]) -> Watching {
        let kubeconfig = lab.kubeconfig("admin").display().to_string();
        let fixed = ["scan", "--no-config", "--cluster", "--watch", "--format", "json", "--kubeconfig"];
        let mut child = command(&fixed)
            .arg(kubeconfig)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).expect("JSON lines")).is_err() {
                    return;
                }
            }
        });
        Watching { child, lines }
    }

    /// The lines until one that is looked for, that one included.
    fn until(&self, looked_for: impl Fn(&Value) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut seen = Vec::new();
        loop {
            let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|error| panic!("{error} after {seen:#?}"));
            let found = looked_for(&line);
            seen.push(line);
            if found {
                return seen;
            }
        }
    }
}

fn is(line: &Value, event: &str, control: &str) -> bool {
    line["event"] == event && line["control"] == control
}

fn deployment(privileged: bool) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: default}}\nspec:\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      \
         containers: [{{name: web, image: 'registry.example.com/web:1', securityContext: {{privileged: {privileged}}}}}]\n"
    )
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn open(metrics: &str, control: &str) -> u32 {
    let line = metrics.lines().find(|line| {
        line.starts_with("seaworthy_control_subjects{")
            && line.contains(&format!("control=\"{control}\""))
            && line.contains("state=\"fail\"")
    });
    line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok())
        .unwrap_or_else(|| panic!("{control}: {metrics}"))
}

#[test]
fn changes_are_told_as_they_come() {
    let lab = match Lab::start(Profile::insecure()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let port = free_port();
    let watching = Watching::start(&lab, &["--metrics-addr", &format!("127.0.0.1:{port}")]);
    let stands = watching.until(|line| line["event"] == "judged");
    assert!(stands.iter().any(|line| is(line, "stands", "api-server/authorization-mode")), "{stands:#?}");
    assert_eq!(open(&get(port, "/metrics"), "pods/privileged"), 0);

    lab.apply(&deployment(true)).unwrap();
    let appeared = watching.until(|line| is(line, "appeared", "pods/privileged"));
    let finding = appeared.last().unwrap();
    assert_eq!(finding["subject"], "Deployment default/web (container web)");
    assert_eq!(finding["file"], "/apis/apps/v1/namespaces/default/deployments/web");
    // What one object does to the verdict about another shows when everything has been judged again.
    watching.until(|line| is(line, "appeared", "network/default-deny-ingress"));
    watching.until(|line| line["event"] == "judged");
    assert_eq!(open(&get(port, "/metrics"), "pods/privileged"), 1);

    lab.apply(&deployment(false)).unwrap();
    watching.until(|line| is(line, "cured", "pods/privileged"));
    let path = "/apis/apps/v1/namespaces/default/deployments/web";
    assert_eq!(lab.request("admin", "DELETE", path).unwrap().status, 200);
    watching.until(|line| is(line, "cured", "pods/privilege-escalation"));
    watching.until(|line| is(line, "cured", "network/default-deny-ingress"));
    assert!(get(port, "/healthz").ends_with("ok\n"));
}

#[test]
fn a_watch_says_what_it_cannot_do() {
    let output = crate::program::seaworthy(&["scan", "--watch"]);
    assert_eq!(output.status.code(), Some(2), "it takes a cluster");
    let output = crate::program::seaworthy(&["scan", "--cluster", "--watch", "--format", "sarif"]);
    let said = crate::program::stderr(&output);
    assert!(said.contains("a watch cannot be printed as `sarif`"), "{said}");
}
