//! A large live cluster: how long it takes to read and to judge, and how long the server alone needs for the same lists.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use lab::{Lab, Profile};
use serde_json::{Value, json};

use super::program::{Run, run};

const NAMESPACES: usize = 1_000;
const DEPLOYMENTS: usize = 2;
const PODS: usize = 5;
/// Roles and as many bindings, in each namespace.
const ROLES: usize = 2;
/// Cluster roles and as many bindings.
const CLUSTER_ROLES: usize = 500;

/// Requests at a time while objects are made.
const MAKERS: usize = 16;
/// Lists that are read at a time, as `seaworthy scan --cluster` does.
const READERS: usize = 4;
/// Objects of a page.
const PAGE: usize = 500;
const RUNS: usize = 3;

/// Collections of the API that hold what was made.
const LISTS: &[&str] = &[
    "/api/v1/pods",
    "/apis/apps/v1/replicasets",
    "/apis/apps/v1/deployments",
    "/apis/rbac.authorization.k8s.io/v1/roles",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/api/v1/namespaces",
    "/api/v1/serviceaccounts",
];

/// Measures a program; `phases` prints where the time of judging a snapshot goes.
pub(super) fn measure(binary: &Path, phases: &dyn Fn(&Path) -> Result<(), String>) -> Result<(), String> {
    let lab = Lab::try_start(&Profile::insecure()).map_err(|error| error.to_string())?;
    let started = Instant::now();
    let made = fill(&lab)?;
    println!("{made} objects made in {:.0} s\n", started.elapsed().as_secs_f64());
    println!("| what | wall, median | CPU, median | peak memory |\n|---|---:|---:|---:|");
    let mut plain = Vec::new();
    let mut bytes = 0;
    for _ in 0..RUNS {
        let started = Instant::now();
        bytes = list(&lab)?;
        plain.push(started.elapsed());
    }
    plain.sort();
    println!("| the lists alone, {:.0} MB of JSON | {} | | |", bytes as f64 / 1e6, seconds(plain[RUNS / 2]));
    let kubeconfig = lab.kubeconfig("admin");
    let kubeconfig = kubeconfig.to_str().ok_or("a folder that is no text")?;
    let snapshot = lab.folder().join("bench.tar.zst");
    let archive = snapshot.to_str().ok_or("a folder that is no text")?;
    let json = ["--format", "json", "--fail-on", "never", "--no-progress", "--no-config"];
    // No bound on requests: the server is ours.
    let live = ["--cluster", "--kubeconfig", kubeconfig, "--qps", "1000"];
    let collect = [&["collect", "--output", archive, "--no-progress"][..], &live].concat();
    row("`collect --cluster`", binary, &collect)?;
    let scan = row("`scan --cluster --format json`", binary, &[&["scan"][..], &json, &live].concat())?;
    row("`scan snapshot.tar.zst --format json`", binary, &[&["scan", archive][..], &json].concat())?;
    println!(
        "\nlive scan against the lists alone: {:.2}",
        scan.as_secs_f64() / plain[RUNS / 2].as_secs_f64()
    );
    super::watch::measure(binary, &lab, kubeconfig)?;
    println!("\n### phases of the same evidence\n");
    phases(&snapshot)
}

fn row(what: &str, binary: &Path, arguments: &[&str]) -> Result<Duration, String> {
    let mut runs: Vec<Run> = (0..RUNS).map(|_| run(binary, arguments)).collect::<Result<_, _>>()?;
    runs.sort_by_key(|run| run.cpu);
    let cpu = runs[RUNS / 2].cpu;
    let peak = runs.iter().map(|run| run.peak_kib).max().unwrap_or_default();
    runs.sort_by_key(|run| run.wall);
    let wall = runs[RUNS / 2].wall;
    println!("| {what} | {} | {} | {:.0} MB |", seconds(wall), seconds(cpu), peak as f64 * 1024.0 / 1e6);
    Ok(wall)
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Lists everything page by page and throws it away; returns how much it was.
fn list(lab: &Lab) -> Result<usize, String> {
    let next = AtomicUsize::new(0);
    let bytes = AtomicUsize::new(0);
    parallel(READERS, || {
        while let Some(path) = LISTS.get(next.fetch_add(1, Relaxed)) {
            let mut token = String::new();
            loop {
                let page = format!("{path}?limit={PAGE}{token}");
                let answer = lab.request("admin", "GET", &page).map_err(|error| error.to_string())?;
                if answer.status != 200 {
                    return Err(format!("{page}: {}", answer.status));
                }
                bytes.fetch_add(answer.body.len(), Relaxed);
                // The head of a list stands before its items.
                let head = answer.body.get(..2000).unwrap_or(&answer.body);
                let found = head.split_once("\"continue\":\"").and_then(|(_, rest)| rest.split_once('"'));
                match found {
                    Some((found, _)) if !found.is_empty() => token = format!("&continue={found}"),
                    _ => break,
                }
            }
        }
        Ok(())
    })?;
    Ok(bytes.into_inner())
}

/// Runs the same on several threads; the first error counts.
fn parallel(threads: usize, work: impl Fn() -> Result<(), String> + Sync) -> Result<(), String> {
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        running
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?)
    })
}

/// Fills the cluster, as controllers would: each Deployment with a ReplicaSet and its pods.
fn fill(lab: &Lab) -> Result<usize, String> {
    let next = AtomicUsize::new(0);
    let made = AtomicUsize::new(0);
    let make = |path: &str, object: Value| -> Result<String, String> {
        let text = object.to_string();
        let answer = lab.send("admin", "POST", path, Some(("application/json", &text)));
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status != 201 {
            return Err(format!(
                "{path}: {} {}",
                answer.status,
                answer.body.get(..300).unwrap_or(&answer.body)
            ));
        }
        made.fetch_add(1, Relaxed);
        let stored: Value = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
        Ok(stored["metadata"]["uid"].as_str().unwrap_or_default().to_owned())
    };
    parallel(MAKERS, || {
        loop {
            let number = next.fetch_add(1, Relaxed);
            if number < CLUSTER_ROLES {
                rights(&make, None, number)?;
            }
            if number >= NAMESPACES {
                return Ok(());
            }
            namespace(&make, number)?;
        }
    })?;
    Ok(made.into_inner())
}

type Make<'m> = dyn Fn(&str, Value) -> Result<String, String> + 'm;

fn namespace(make: &Make<'_>, number: usize) -> Result<(), String> {
    let name = format!("team-{number:04}");
    let labels =
        json!({"team": format!("t{}", number % 50), "pod-security.kubernetes.io/enforce": "baseline"});
    make("/api/v1/namespaces", json!({"metadata": {"name": name, "labels": labels}}))?;
    make(&format!("/api/v1/namespaces/{name}/serviceaccounts"), json!({"metadata": {"name": "default"}}))?;
    for role in 0..ROLES {
        rights(make, Some(&name), role)?;
    }
    for deployment in 0..DEPLOYMENTS {
        workload(make, &name, &format!("app-{deployment}"), number)?;
    }
    Ok(())
}

fn rights(make: &Make<'_>, namespace: Option<&str>, number: usize) -> Result<(), String> {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let (folder, kind) = match namespace {
        Some(namespace) => (format!("/apis/{GROUP}/v1/namespaces/{namespace}/"), ""),
        None => (format!("/apis/{GROUP}/v1/cluster"), "Cluster"),
    };
    let name = format!("role-{number:04}");
    let rules = json!([
        {"apiGroups": [""], "resources": ["pods", "configmaps"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]},
    ]);
    make(&format!("{folder}roles"), json!({"metadata": {"name": name}, "rules": rules}))?;
    let subject = match namespace {
        Some(namespace) => json!({"kind": "ServiceAccount", "name": "default", "namespace": namespace}),
        None => json!({"kind": "Group", "name": format!("team-{number}"), "apiGroup": GROUP}),
    };
    let role = json!({"apiGroup": GROUP, "kind": format!("{kind}Role"), "name": name});
    let binding = json!({"metadata": {"name": name}, "roleRef": role, "subjects": [subject]});
    make(&format!("{folder}rolebindings"), binding).map(drop)
}

fn workload(make: &Make<'_>, namespace: &str, name: &str, number: usize) -> Result<(), String> {
    let labels = json!({"app": name, "app.kubernetes.io/part-of": "shop"});
    let hashed = json!({"app": name, "app.kubernetes.io/part-of": "shop", "pod-template-hash": "5d8c7b9f4"});
    let owner = |kind: &str, name: &str, uid: &str| json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true, "blockOwnerDeletion": true}]);
    let folder = format!("/apis/apps/v1/namespaces/{namespace}/");
    let template = |labels: &Value| json!({"metadata": {"labels": labels}, "spec": pod_spec(number)});
    let deployment = json!({
        "metadata": {"name": name, "labels": labels, "annotations": {"deployment.kubernetes.io/revision": "1"}},
        "spec": {"replicas": PODS, "selector": {"matchLabels": {"app": name}}, "template": template(&labels)},
    });
    let uid = make(&format!("{folder}deployments"), deployment)?;
    let set = format!("{name}-5d8c7b9f4");
    let replicas = json!({
        "metadata": {"name": set, "labels": hashed, "ownerReferences": owner("Deployment", name, &uid)},
        "spec": {"replicas": PODS, "selector": {"matchLabels": hashed}, "template": template(&hashed)},
    });
    let uid = make(&format!("{folder}replicasets"), replicas)?;
    for pod in 0..PODS {
        let mut spec = pod_spec(number);
        if pod == 0 && number.is_multiple_of(10) {
            // Somebody injects a side car into a tenth of the applications.
            let containers = spec["containers"].as_array_mut().ok_or("a spec without containers")?;
            containers.push(json!({"name": "proxy", "image": "registry.example.com/mesh/proxy:1.9"}));
        }
        let metadata = json!({
            "name": format!("{set}-{pod:05}"),
            "labels": hashed,
            "annotations": {"cni.example.com/address": format!("10.{}.{}.{pod}/32", number / 250, number % 250)},
            "ownerReferences": owner("ReplicaSet", &set, &uid),
        });
        make(&format!("/api/v1/namespaces/{namespace}/pods"), json!({"metadata": metadata, "spec": spec}))?;
    }
    Ok(())
}

fn pod_spec(number: usize) -> Value {
    let environment: Vec<Value> = (0..12)
        .map(|entry| json!({"name": format!("SETTING_{entry}"), "value": format!("value {entry} of application {number}")}))
        .collect();
    let probe = |path: &str| json!({"httpGet": {"path": path, "port": "http"}, "periodSeconds": 5});
    json!({
        "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{
            "name": "app",
            "image": format!("registry.example.com/shop/app-{}:1.{}", number % 97, number % 13),
            "args": ["serve", "--listen=:8080", "--log-format=json"],
            "env": environment,
            "ports": [{"name": "http", "containerPort": 8080}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "livenessProbe": probe("/healthz"),
            "readinessProbe": probe("/ready"),
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [{"name": "configuration", "mountPath": "/etc/app"}, {"name": "scratch", "mountPath": "/tmp"}],
        }],
        "volumes": [{"name": "configuration", "configMap": {"name": "app", "optional": true}}, {"name": "scratch", "emptyDir": {}}],
    })
}
