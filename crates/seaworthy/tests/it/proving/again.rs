//! `prove --every`: what turns is told, kept and measured, as a Prometheus server reads it.

use std::path::Path;
use std::time::Duration;

use ::lab::Lab;
use oracle_client::Oracle;
use serde_json::{Value, json};

use super::{SOME, hardened, proving};
use crate::program::{command, root, stdout};
use crate::running::{Running, get};

fn start(lab: &Lab, state: &Path, arguments: &[&str]) -> Running {
    let fixed = ["--select", SOME, "--every", "1s", "--format", "json", "--state"];
    let mut command = proving(lab, "admin", &fixed);
    command.arg(state).args(arguments);
    Running::start(command, Duration::from_secs(120))
}

fn is_turned(line: &Value, from: &str, to: &str) -> bool {
    line["event"] == "turned" && line["from"] == from && line["to"] == to
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
    let every = start(&lab, &state, &["--metrics-addr", &format!("127.0.0.1:{port}")]);
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
    every.kill();
    for path in ["clusterrolebindings/open", "clusterroles/open"] {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/{path}");
        assert_eq!(lab.request("admin", "DELETE", &path).expect("an answer").status, 200);
    }
    let again = start(&lab, &state, &["--runs", "1"]);
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
