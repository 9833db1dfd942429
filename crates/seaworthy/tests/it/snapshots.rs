//! Snapshots, owners and drift, from the command line on: evidence made by hand, and a real API server.

use std::fs;
use std::path::Path;

use ::lab::{Lab, Profile};
use seaworthy_document::Stream;
use seaworthy_evidence::SourceFile;
use serde_json::Value;

use crate::program::{findings, report, seaworthy, stderr};

const DECLARED: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example.com/web:1
        resources: {limits: {cpu: 0.5, memory: 1024Mi}}
        ports: [{containerPort: 8080}]
        livenessProbe: {httpGet: {port: 8080}}
        securityContext:
          privileged: false
        volumeMounts: [{name: tmp, mountPath: /tmp}, {name: settings, mountPath: /etc/web}]
      volumes:
      - name: tmp
        emptyDir: {}
      - name: settings
        configMap: {name: web, optional: true, defaultMode: 0644}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: gone, namespace: shop}
";

/// What was gathered of a cluster, as a snapshot.
fn packed(archive: &Path) {
    let text = |name: &str, value: Value| SourceFile::new(name, Stream::read(format!("{value:#}")));
    let record = text(
        "collection.json",
        serde_json::json!({
            "apiVersion": "seaworthy.dev/v1alpha1", "kind": "Collection", "metadata": {"name": "c"},
            "at": "2026-11-21T17:00:00Z", "server": {"url": "https://c", "version": "v1.35.2-eks-1"},
            "served": ["Pod", "Secret", "Service", "ServiceAccount", "Deployment.apps"], "unavailable": [],
            "lists": [
                {"apiVersion": "v1", "kind": "Pod", "resource": "pods", "namespaced": true, "items": 0},
                {"apiVersion": "apps/v1", "kind": "Deployment", "resource": "deployments", "namespaced": true, "items": 1},
                {"apiVersion": "v1", "kind": "Secret", "resource": "secrets", "namespaced": true, "refused": "forbidden: list secrets"},
            ],
        }),
    );
    let deployment = text(
        "/apis/apps/v1/namespaces/shop/deployments/web",
        serde_json::json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"template": {"spec": {"containers": [
                {"name": "web", "image": "registry.example.com/web:1", "securityContext": {"privileged": true}}]}}},
        }),
    );
    let mut bytes = Vec::new();
    seaworthy_ingest::snapshot::write(&[record, deployment], true, &mut bytes).expect("written");
    fs::write(archive, bytes).expect("written");
}

/// The report without what tells where the evidence came from.
fn apart_from_inputs(mut report: Value) -> Value {
    report["inputs"].take();
    report
}

#[test]
fn a_snapshot_is_judged_as_the_cluster_that_it_is_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("s.tar.zst");
    packed(&archive);
    let path = archive.to_str().expect("UTF-8");
    let output = seaworthy(&["scan", "--no-config", "--format", "json", path]);
    let judged: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(judged["kubernetesVersion"], "v1.35");
    let missed = judged["coverage"]["notEvaluated"].to_string();
    assert!(
        missed.contains("kinds that the cluster does not let you list") && missed.contains("secrets"),
        "{missed}"
    );
    assert!(findings(&judged).contains(&"pods/privileged Deployment/web web".to_owned()));
    let at = &judged["findings"][0]["location"]["file"];
    assert_eq!(at, "/apis/apps/v1/namespaces/shop/deployments/web");

    // Beside other paths nobody could tell what the record speaks of.
    let output = seaworthy(&["scan", "--no-config", path, "examples"]);
    assert_eq!(output.status.code(), Some(2));
    // A record that somebody wrote beside manifests says nothing.
    let written = folder.path().join("written");
    fs::create_dir(&written).expect("made");
    fs::write(written.join("web.yaml"), DECLARED).expect("written");
    let said = |report: &Value| report["unknown"].as_array().map(Vec::len);
    let select =
        ["--no-config", "--select", "network,service-accounts,pods", written.to_str().expect("UTF-8")];
    let without = report(&select);
    let record = "{\"apiVersion\": \"seaworthy.dev/v1alpha1\", \"kind\": \"Collection\", \"served\": [\"Pod\"], \"lists\": []}";
    fs::write(written.join("collection.json"), record).expect("written");
    assert_eq!(said(&report(&select)), said(&without));
}

#[test]
fn what_somebody_changed_in_the_cluster_has_drifted() {
    let folder = tempfile::tempdir().expect("a folder");
    packed(&folder.path().join("s.tar"));
    let manifests = folder.path().join("web.yaml");
    fs::write(&manifests, DECLARED).expect("written");
    let at = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let (snapshot, manifests) = (at(&folder.path().join("s.tar")), at(&manifests));
    let found = report(&["--no-config", "--select", "pods/privileged", &snapshot, "--manifests", &manifests]);
    let declared = &found["findings"][0]["declared"];
    assert_eq!(declared["file"], manifests.as_str());
    assert_eq!((&declared["line"], &declared["drifted"]), (&19.into(), &true.into()), "{declared}");
    let counts = &found["coverage"]["declarations"];
    // Nobody asked for Services and accounts.
    assert_eq!(counts, &serde_json::json!({"matched": 1, "drifted": 1, "missing": 0, "undeclared": 0}));
    let text = seaworthy(&[
        "scan",
        "--no-config",
        "--select",
        "pods/privileged",
        &snapshot,
        "--manifests",
        &manifests,
    ]);
    let text = String::from_utf8(text.stdout).expect("UTF-8");
    assert!(text.contains("drifted from") && text.contains("web.yaml:19"), "{text}");
    let alone = seaworthy(&["scan", &manifests, "--manifests", &manifests]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(stderr(&alone).contains("add `--cluster`"), "{}", stderr(&alone));
}

#[test]
fn a_real_cluster_and_its_snapshot_give_the_same_report() {
    let lab = match Lab::start(Profile::insecure().with_controllers()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    lab.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n").expect("applied");
    lab.apply(DECLARED.split("---\napiVersion: v1\nkind: ServiceAccount").next().expect("a part"))
        .expect("applied");
    wait_for_pods(&lab, 2);
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (archive, manifests) = (at("s.tar.zst"), at("web.yaml"));
    fs::write(&manifests, DECLARED).expect("written");
    let admin = lab.kubeconfig("admin").display().to_string();
    let live = ["--cluster", "--kubeconfig", &admin];
    let stored = seaworthy(&[&["collect", "--output", &archive][..], &live].concat());
    assert_eq!(stored.status.code(), Some(0), "{}", stderr(&stored));
    let drift = ["--no-config", "--manifests", &manifests];
    let from_cluster = report(&[&drift[..], &live].concat());
    let from_archive = report(&[&drift[..], &[archive.as_str()]].concat());

    // ReplicaSet and pods stand for nothing of their own: the Deployment does.
    let about: Vec<&str> = from_archive["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["subject"]["namespace"] == "shop")
        .map(|finding| finding["subject"]["kind"].as_str().expect("a kind"))
        .collect();
    assert!(about.contains(&"Deployment"), "{about:?}");
    assert!(!about.contains(&"Pod") && !about.contains(&"ReplicaSet"), "{about:?}");
    assert_eq!(from_archive["coverage"]["represented"], 3);
    // What the server fills in is no drift, and what is not there is missing.
    let counts = &from_archive["coverage"]["declarations"];
    assert_eq!(
        (&counts["matched"], &counts["drifted"], &counts["missing"]),
        (&2.into(), &0.into(), &1.into())
    );
    // Between the two collections the servers went on with their own records.
    let (live, stored) = (apart_from_inputs(from_cluster), apart_from_inputs(from_archive));
    for part in ["summary", "controls", "roadmap", "kubernetesVersion"] {
        assert_eq!(live[part], stored[part], "{part}");
    }
    let findings = |report: &Value| report["findings"].as_array().expect("findings").len();
    assert_eq!(findings(&live), findings(&stored));
}

fn wait_for_pods(lab: &Lab, count: usize) {
    for _ in 0..300 {
        let answer = lab.request("admin", "GET", "/api/v1/namespaces/shop/pods").expect("an answer");
        let pods: Value = serde_json::from_str(&answer.body).expect("JSON");
        if pods["items"].as_array().is_some_and(|pods| pods.len() == count) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("no pods: {}", lab.log("kube-controller-manager"));
}
