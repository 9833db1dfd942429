//! `scan --cluster`: real servers of the lab, and what goes wrong before any is asked.

use ::lab::{Lab, Profile};
use serde_json::Value;

use crate::program::{command, report, seaworthy, stderr, stdout};

const OBJECTS: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "registry.example.com/web:1", securityContext: {privileged: true}}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData: {password: geheimnis}
"#;

fn status<'r>(report: &'r Value, control: &str) -> &'r str {
    let controls = report["controls"].as_array().expect("controls");
    let found = controls.iter().find(|entry| entry["id"] == control);
    found.and_then(|entry| entry["status"].as_str()).expect("the control is in the report")
}

#[test]
fn a_live_cluster_is_judged_as_its_files_would_be() {
    let lab = match Lab::start(Profile::hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    lab.apply(OBJECTS).unwrap();
    let admin = lab.kubeconfig("admin").display().to_string();
    let live = report(&["--no-config", "--cluster", "--kubeconfig", &admin]);
    assert_eq!(status(&live, "pods/privileged"), "open");
    let privileged: Vec<&Value> = live["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["control"] == "pods/privileged")
        .collect();
    assert_eq!(privileged.len(), 1);
    assert_eq!(privileged[0]["location"]["file"], "/apis/apps/v1/namespaces/shop/deployments/web");
    assert_eq!(privileged[0]["path"], "spec.template.spec.containers[web].securityContext.privileged");
    assert_eq!(status(&live, "secrets/in-repository"), "not-applicable");
    // The version is that of the server: v1.36 of v1.36.3.
    let minor = lab.version().rsplit_once('.').unwrap().0;
    assert_eq!(live["kubernetesVersion"], minor);
    let input = live["inputs"][0].as_str().unwrap();
    assert!(input.contains(&lab.url()), "{input}");
    assert!(!live.to_string().contains("geheimnis"));

    // Who may see nothing is told nothing wrong.
    let nobody = lab.kubeconfig("nobody").display().to_string();
    let arguments = ["scan", "--no-config", "--cluster", "--kubeconfig", &nobody, "--format", "json"];
    let output = seaworthy(&arguments);
    let blind: Value = serde_json::from_slice(&output.stdout).unwrap();
    for control in blind["controls"].as_array().unwrap() {
        assert_ne!(control["status"], "done", "{control}");
    }
    let missed = blind["coverage"]["notEvaluated"].to_string();
    assert!(missed.contains("kinds that the cluster does not let you list"), "{missed}");
    let output = seaworthy(&[&arguments[..], &["--require-complete", "--fail-on", "never"]].concat());
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn rights_are_printed_without_a_cluster() {
    let output = seaworthy(&["scan", "--print-rbac"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("kind: ClusterRole\n") && text.contains("  - secrets\n"), "{text}");
    for verb in ["create", "update", "patch", "delete", "watch", "\"*\"", "'*'"] {
        assert!(
            !text.contains(&format!("[{verb}")) && !text.contains(&format!("- {verb}\n")),
            "{verb}: {text}"
        );
    }
    let output = seaworthy(&["scan", "--print-rbac", "--without-secrets"]);
    assert!(!stdout(&output).contains("  - secrets\n"));
}

#[test]
fn what_cannot_be_asked_is_an_error_with_a_hint() {
    let fails = |arguments: &[&str]| {
        let output = seaworthy(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        stderr(&output)
    };
    let text = fails(&["scan", "--cluster", "--kubeconfig", "/nonexistent/config"]);
    assert!(text.contains("cannot use the kubeconfig") && text.contains("hint: "), "{text}");
    let text = fails(&["scan", "--cluster", "examples"]);
    assert!(text.contains("cannot be used with"), "{text}");
    let text = fails(&["scan", "--context", "production", "examples"]);
    assert!(text.contains("--cluster"), "{text}");

    let empty = tempfile::tempdir().unwrap();
    let mut bare = command(&["scan", "--cluster"]);
    bare.env_remove("KUBECONFIG").env_remove("KUBERNETES_SERVICE_HOST").env("HOME", empty.path());
    let output = bare.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("no cluster is configured") && text.contains("KUBECONFIG"), "{text}");
}
