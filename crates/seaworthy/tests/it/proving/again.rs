//! `prove --every`: what turns is told, kept and measured, as a Prometheus server reads it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ::lab::Lab;
use oracle_client::Oracle;
use serde_json::{Value, json};

use super::{SOME, hardened, proving};
use crate::program::{command, root, stdout};

/// A program that is ended with the test.
struct Every {
    child: Child,
    lines: Receiver<Value>,
}

impl Drop for Every {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Every {
    fn start(lab: &Lab, state: &Path, arguments: &[&str]) -> Every {
        let fixed = ["--select", SOME, "--every", "1s", "--format", "json", "--state"];
        let mut child = proving(lab, "admin", &fixed)
            .arg(state)
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
        Every { child, lines }
    }

    fn until(&self, looked_for: impl Fn(&Value) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + Duration::from_secs(120);
        let mut seen = Vec::new();
        loop {
            let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            seen.push(line.unwrap_or_else(|error| panic!("{error} after {seen:#?}")));
            if seen.last().is_some_and(&looked_for) {
                return seen;
            }
        }
    }
}

fn is_turned(line: &Value, from: &str, to: &str) -> bool {
    line["event"] == "turned" && line["from"] == from && line["to"] == to
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// Metrics and alerts, as a Prometheus server understands them.
struct Scraped(Value);

impl Scraped {
    fn new(prometheus: &mut Oracle, port: u16) -> Scraped {
        let answer = get(port, "/metrics");
        let (head, metrics) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: "));
        let rules = std::fs::read_to_string(root().join("docs/alerts.yaml")).expect("rules");
        let asked = json!({"contentType": content_type, "metrics": metrics, "rules": rules});
        let told: Value = serde_json::from_str(&prometheus.ask(&asked.to_string())).expect("JSON");
        assert!(told["error"].is_null(), "{told}: {metrics}");
        Scraped(told)
    }

    /// The value of a series.
    fn value(&self, name: &str, label: &str) -> Option<f64> {
        let name = format!("__name__=\"{name}\"");
        let series = self.0["series"].as_object().expect("series");
        let found = series.iter().find(|(series, _)| series.contains(&name) && series.contains(label));
        found.and_then(|(_, value)| value.as_f64())
    }

    fn fires(&self, alert: &str) -> bool {
        self.0["alerts"].as_array().expect("alerts").iter().any(|firing| firing == alert)
    }
}

const OPEN: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: open}
rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: open}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: open}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:unauthenticated"}]
"#;

#[test]
fn what_turns_is_told_kept_and_measured_even_when_the_program_is_killed() {
    let Some(lab) = hardened() else { return };
    let mut prometheus = match Oracle::start("metrics") {
        Ok(prometheus) => prometheus,
        Err(skip) => return skip.announce(),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("deep");
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let mut every = Every::start(&lab, &state, &["--metrics-addr", &format!("127.0.0.1:{port}")]);
    let first = every.until(|line| line["event"] == "run");
    assert!(first.iter().any(|line| line["to"] == "proved" && line["from"].is_null()), "{first:#?}");
    let control = "control=\"api-server/anonymous-auth\"";
    let metrics = Scraped::new(&mut prometheus, port);
    assert_eq!(metrics.value("seaworthy_control_proved", control), Some(1.0));
    assert_eq!(metrics.value("seaworthy_prove_turned_total", ""), Some(0.0));
    for alert in ["SecurityControlRefuted", "SecurityProofsStale", "SecurityProofsGone"] {
        assert!(!metrics.fires(alert), "{alert}");
    }
    assert!(get(port, "/healthz").ends_with("ok\n"));

    lab.apply(OPEN).expect("roles");
    every.until(|line| is_turned(line, "proved", "refuted"));
    every.until(|line| line["event"] == "run");
    let metrics = Scraped::new(&mut prometheus, port);
    assert_eq!(metrics.value("seaworthy_control_proved", control), Some(0.0));
    assert!(metrics.value("seaworthy_prove_turned_total", "") >= Some(1.0));
    assert!(metrics.value("seaworthy_prove_last_run_timestamp_seconds", "") > Some(1e9));
    assert!(metrics.fires("SecurityControlRefuted") && !metrics.fires("SecurityProofsStale"));

    // Killed, and what turns meanwhile is told by the next one.
    every.child.kill().expect("a kill");
    every.child.wait().expect("an end");
    for path in ["clusterrolebindings/open", "clusterroles/open"] {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/{path}");
        assert_eq!(lab.request("admin", "DELETE", &path).expect("an answer").status, 200);
    }
    let again = Every::start(&lab, &state, &["--runs", "1"]);
    let told = again.until(|line| line["event"] == "run");
    assert!(told.iter().any(|line| is_turned(line, "refuted", "proved")), "{told:#?}");
    assert!(!told.iter().any(|line| line["from"].is_null() && line["event"] == "turned"), "{told:#?}");

    let history = |format: &str| {
        let mut command = command(&["prove", "--history", "--format", format, "--state"]);
        stdout(&command.arg(&state).output().expect("the program runs"))
    };
    let runs: Vec<Value> =
        history("json").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(runs.len() >= 3, "{runs:#?}");
    let turned = |from: &str, to: &str| {
        let turns = runs.iter().flat_map(|run| run["turns"].as_array().into_iter().flatten());
        turns.filter(|turn| turn["from"] == from && turn["to"] == to).count()
    };
    assert_eq!((turned("proved", "refuted"), turned("refuted", "proved")), (1, 1), "{runs:#?}");
    let text = history("terminal");
    assert!(text.contains("proved -> refuted") && text.contains("refuted -> proved"), "{text}");
}
