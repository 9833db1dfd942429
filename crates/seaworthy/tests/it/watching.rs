//! `scan --cluster --watch` on a real API server.

use std::time::Duration;

use ::lab::{Lab, Profile};
use serde_json::Value;

use crate::program::command;
use crate::running::{Running, get};

fn start(lab: &Lab, arguments: &[&str]) -> Running {
    let fixed = ["scan", "--no-config", "--cluster", "--watch", "--format", "json", "--kubeconfig"];
    let mut command = command(&fixed);
    command.arg(lab.kubeconfig("admin")).args(arguments);
    Running::start(command, Duration::from_secs(60))
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
    let watching = start(&lab, &["--metrics-addr", &format!("127.0.0.1:{port}")]);
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
