//! The demonstration cluster of the test data: a deliberately vulnerable application between well-kept ones.

use std::collections::BTreeMap;

use crate::pods::data;
use crate::program::{findings, report, seaworthy, stdout};

/// The weaknesses of the families that are judged here, read by hand from the application's manifests.
const GOAT: &[&str] = &[
    // docker-bench-security: the host's files, processes and runtime socket in a privileged container
    "pods/host-namespaces DaemonSet/docker-bench-security",
    "pods/privileged DaemonSet/docker-bench-security docker-bench",
    "pods/runtime-socket DaemonSet/docker-bench-security",
    "pods/sensitive-host-path DaemonSet/docker-bench-security",
    "pods/host-path DaemonSet/docker-bench-security",
    // health-check: a privileged container that talks to containerd
    "pods/privileged Deployment/health-check-deployment health-check",
    "pods/runtime-socket Deployment/health-check-deployment",
    // kube-bench: host processes and the configuration of the control plane
    "pods/host-namespaces Job/kube-bench-master",
    "pods/sensitive-host-path Job/kube-bench-master",
    "pods/host-namespaces Job/kube-bench-node",
    "pods/sensitive-host-path Job/kube-bench-node",
    // system-monitor: the root of the host's file system
    "pods/privileged Deployment/system-monitor-deployment system-monitor",
    "pods/host-namespaces Deployment/system-monitor-deployment",
    "pods/sensitive-host-path Deployment/system-monitor-deployment",
    "pods/privilege-escalation Deployment/system-monitor-deployment system-monitor",
    // secrets that anybody who can read the repository has
    "secrets/in-repository Secret/goatvault",
    "secrets/in-repository Secret/vaultapikey",
    "secrets/in-repository Secret/webhookapikey",
    "secrets/as-files",
    // images without a tag, containers without limits, tokens mounted for nothing
    "images/tag-fixed Job/batch-check-job batch-check",
    "images/tag-fixed Job/hidden-in-layers hidden-in-layers",
    "images/tag-fixed Job/kube-bench-node kube-bench",
    "pods/resource-limits Deployment/hunger-check-deployment hunger-check",
    "pods/resource-limits Deployment/cache-store-deployment cache-store",
    "service-accounts/automount-token Deployment/build-code-deployment",
    "service-accounts/default-account Deployment/poor-registry-deployment",
    "namespaces/default-unused Deployment/build-code-deployment",
    "namespaces/pod-security-enforce Namespace/big-monolith",
    "namespaces/pod-security-enforce Namespace/secure-middleware",
    "namespaces/resource-quotas Namespace/big-monolith",
    // an account that may do everything, and one that reads everything of its namespace
    "rbac/cluster-admin ClusterRoleBinding/superadmin",
    "rbac/wildcards Role/secret-reader",
    // namespaces that separate nothing: any pod reaches the cache of another namespace, and the metadata of the cloud
    "network/default-deny-ingress Namespace/secure-middleware",
    "network/default-deny-ingress Namespace/big-monolith",
    "network/default-deny-egress Namespace/secure-middleware",
    "network/metadata-egress Namespace/big-monolith",
    "network/control-plane-reach Namespace/big-monolith",
];

#[test]
fn every_weakness_of_the_vulnerable_application_is_found() {
    let Some(demo) = data("demo") else { return };
    let found = findings(&report(&[demo.join("kubernetes-goat").to_str().expect("UTF-8")]));
    let missing: Vec<_> =
        GOAT.iter().filter(|expected| !found.iter().any(|finding| finding.starts_with(**expected))).collect();
    assert!(missing.is_empty(), "{missing:#?}\namong\n{}", found.join("\n"));
}

/// What the data says of its sets: one denies everything by default, one has no policy, one has a policy for pods on the
/// network of their node.
#[test]
fn policies_of_the_demonstration_are_understood() {
    let Some(demo) = data("demo") else { return };
    let found = findings(&report(&[demo.to_str().expect("UTF-8")]));
    let has = |start: &str| found.iter().any(|finding| finding.starts_with(start));
    for direction in ["ingress", "egress"] {
        assert!(has(&format!("network/default-deny-{direction} StatefulSet/accounts-db")), "bank-of-anthos");
        assert!(!has(&format!("network/default-deny-{direction} Deployment/frontend")), "online-boutique");
    }
    assert!(has("network/policy-effect NetworkPolicy/node-exporter"));
}

/// Expected levels: the number of workloads per level in the index of the data, which were made with the upstream
/// evaluator.
#[test]
fn the_levels_of_all_workloads_are_those_of_upstream() {
    let Some(demo) = data("demo") else { return };
    let expected: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::from([
        ("online-boutique", BTreeMap::from([("baseline", 12)])),
        ("bank-of-anthos", BTreeMap::from([("baseline", 9)])),
        ("kubernetes-goat", BTreeMap::from([("baseline", 8), ("privileged", 5)])),
        ("kube-prometheus", BTreeMap::from([("restricted", 4), ("baseline", 1), ("privileged", 1)])),
        ("ingress-nginx", BTreeMap::from([("restricted", 3)])),
        ("metallb", BTreeMap::from([("baseline", 1), ("privileged", 1)])),
        ("metrics-server", BTreeMap::from([("restricted", 1)])),
        ("k8s-default-rbac", BTreeMap::new()),
    ]);
    for (set, levels) in expected {
        let folder = demo.join(set);
        let output = seaworthy(&["pods", "evaluate", "--format", "jsonl", folder.to_str().expect("UTF-8")]);
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for line in stdout(&output).lines() {
            let answer: serde_json::Value = serde_json::from_str(line).expect("JSON");
            *found.entry(answer["highest"].as_str().unwrap_or("refused").to_owned()).or_default() += 1;
        }
        let levels: BTreeMap<String, usize> =
            levels.into_iter().map(|(level, count)| (level.to_owned(), count)).collect();
        assert_eq!(found, levels, "{set}");
    }
}

#[test]
fn restricted_sets_give_no_pod_security_finding() {
    let Some(demo) = data("demo") else { return };
    for set in ["ingress-nginx", "metrics-server"] {
        let folder = demo.join(set);
        let found = findings(&report(&["--select", "pss", folder.to_str().expect("UTF-8")]));
        assert_eq!(found, Vec::<String>::new(), "{set}");
    }
}

#[test]
fn the_roles_and_bindings_of_kubernetes_give_no_finding() {
    let Some(demo) = data("demo") else { return };
    let folder = demo.join("k8s-default-rbac");
    let found = findings(&report(&["--select", "rbac,control-plane", folder.to_str().expect("UTF-8")]));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn known_components_are_excepted_and_not_hidden() {
    let Some(demo) = data("demo") else { return };
    let report = report(&["--select", "pss", demo.join("kube-prometheus").to_str().expect("UTF-8")]);
    let excepted: Vec<_> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|finding| !finding["exception"].is_null())
        .map(|finding| finding["subject"]["name"].as_str().unwrap_or_default())
        .collect();
    assert!(!excepted.is_empty());
    assert!(excepted.iter().all(|name| *name == "node-exporter"), "{excepted:?}");
}

/// Nothing is expected of these files but that each of them is answered for.
#[test]
fn a_sample_of_real_manifests_is_read_whole_and_twice_alike() {
    let Some(sample) = data("sample500") else { return };
    let sample = sample.to_str().expect("UTF-8");
    let first = seaworthy(&["scan", "--format", "json", "--no-ignore", sample]);
    let report: serde_json::Value = serde_json::from_slice(&first.stdout).expect("JSON");
    let files = &report["coverage"]["files"];
    println!("coverage: {files}");
    assert_eq!(first.stdout, seaworthy(&["scan", "--format", "json", "--no-ignore", sample]).stdout);
}

/// Weak spots of the well-kept sets, read by hand: backends whose certificate nobody looks at, alerts without a receiver,
/// rules about policies that are gone. The webhook of the ingress controller, whose authority a job writes, is none.
#[test]
fn objects_of_the_demonstration_are_judged() {
    let Some(demo) = data("demo") else { return };
    let found = findings(&report(&[demo.to_str().expect("UTF-8")]));
    for expected in [
        "api-server/aggregated-apis APIService/v1beta1.metrics.k8s.io",
        "detection/metrics-alerts Secret/alertmanager-main",
        "admission/obsolete-policy ClusterRole/metallb-system:controller",
        "control-plane/isolated-nodes Job/kube-bench-master",
    ] {
        assert!(
            found.iter().any(|finding| finding.starts_with(expected)),
            "`{expected}` is missing among\n{}",
            found.join("\n")
        );
    }
    assert!(!found.iter().any(|finding| finding.starts_with("admission/webhook-safety")));
}
