//! What runs make goes again: after a signal by itself, after worse by `prove --clean`. The rest is tested with the prober.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use ::lab::Lab;
use serde_json::json;

use super::hardened;
use crate::program::{root, stderr, stdout};

fn seaworthy(lab: &Lab, state: &Path, arguments: &[&str]) -> Command {
    let mut command = lab.command(env!("CARGO_BIN_EXE_seaworthy"));
    command.args(["prove", "--no-config", "--no-progress", "--kubeconfig"]);
    command.arg(lab.kubeconfig("admin")).arg("--state").arg(state).args(arguments).current_dir(root());
    command
}

/// Namespaces of runs.
fn namespaces(lab: &Lab) -> Vec<String> {
    let path = "/api/v1/namespaces?labelSelector=seaworthy.dev/probe-run";
    let answer = lab.request("admin", "GET", path).expect("an answer");
    let list: serde_json::Value = serde_json::from_str(&answer.body).expect("a list");
    let items = list["items"].as_array().into_iter().flatten();
    items.map(|item| item["metadata"]["name"].as_str().unwrap_or_default().to_owned()).collect()
}

fn ledgers(state: &Path) -> usize {
    fs::read_dir(state).map_or(0, Iterator::count)
}

#[test]
fn leftovers_go_and_nothing_else_does() {
    let lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let state = tempfile::tempdir().expect("a folder");
    let clean =
        || -> Output { seaworthy(&lab, state.path(), &["--clean"]).output().expect("the program runs") };
    let nothing = clean();
    assert_eq!((nothing.status.code(), stdout(&nothing).as_str()), (Some(0), "no run has left anything\n"));

    lab.apply(
        "apiVersion: v1
kind: ConfigMap
metadata: {name: ours, namespace: default, labels: {seaworthy.dev/probe-run: abcdefghij}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: theirs, namespace: default}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: of-another-run, namespace: default, labels: {seaworthy.dev/probe-run: klmnopqrst}}
",
    )
    .expect("objects");
    let maps = "/api/v1/namespaces/default/configmaps";
    let head = json!({"ledger": 1, "run": "abcdefghij", "url": lab.url(), "cluster": null, "at": ""});
    let mut ledger = format!("{head}\n");
    for (number, name) in ["ours", "theirs", "of-another-run", "never-made"].iter().enumerate() {
        let line = json!({"intent": number, "collection": maps, "name": name, "at": 1});
        ledger.push_str(&format!("{line}\n"));
    }
    fs::write(state.path().join("abcdefghij.jsonl"), ledger).expect("a ledger");
    let cleaned = clean();
    assert_eq!(cleaned.status.code(), Some(0), "{}", stderr(&cleaned));
    let left = "left alone: an object of this name is there that this run did not make";
    let said = format!(
        "{maps}/never-made: already gone (run abcdefghij)
{maps}/of-another-run: {left} (run abcdefghij)
{maps}/theirs: {left} (run abcdefghij)
{maps}/ours: removed (run abcdefghij)
"
    );
    assert_eq!(stdout(&cleaned), said);
    for (name, status) in [("ours", 404), ("theirs", 200), ("of-another-run", 200)] {
        assert_eq!(lab.request("admin", "GET", &format!("{maps}/{name}")).expect("an answer").status, status);
    }
    assert_eq!(ledgers(state.path()), 0);

    // A signal in the middle of a run: it cleans up behind itself.
    let mut run = seaworthy(&lab, state.path(), &["--consent", "canary", "--format", "json"]);
    let mut child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
    let begun = Instant::now();
    while namespaces(&lab).is_empty() && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!namespaces(&lab).is_empty(), "a run with consent makes a namespace");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    child.wait().expect("it ends");
    assert_eq!((namespaces(&lab), ledgers(state.path())), (Vec::new(), 0));
}
