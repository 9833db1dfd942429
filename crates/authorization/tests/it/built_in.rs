//! Built-in objects are recognised by what they grant, not by what they are called.

use std::collections::BTreeMap;
use std::fs;

use oracle_client::{Oracle, data};
use seaworthy_authorization::bootstrap::{named, roles};
use seaworthy_authorization::{Descent, Target};
use serde_json::Value as Json;

use crate::sources::{policy, streams};

#[test]
fn the_table_is_what_the_oracle_generates() {
    let mut oracle = match Oracle::start("rbac") {
        Ok(oracle) => oracle,
        Err(skip) => return skip.announce(),
    };
    let answer: Json =
        serde_json::from_str(&oracle.ask(r#"{"table":true}"#)).expect("the oracle answers in JSON");
    let fresh = answer["table"].as_str().expect("the oracle gives the table");
    assert!(
        fresh == include_str!("../../src/bootstrap.json"),
        "bootstrap.json is old: README.md says how to write it"
    );
}

#[test]
fn every_default_object_of_a_real_cluster_is_built_in() {
    let folder = match data("demo/k8s-default-rbac") {
        Ok(folder) => folder,
        Err(skip) => return skip.announce(),
    };
    let mut counts = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("the file is text");
        let files = streams(&[("default.yaml", &text)]);
        let policy = policy(&files);
        for role in policy.roles().iter().filter(|role| role.source.is_some()) {
            assert_eq!(role.descent, Descent::BuiltIn, "{} {}", role.kind.name(), role.name);
            *counts.entry(role.kind.name()).or_insert(0) += 1;
        }
        for binding in policy.bindings() {
            assert_eq!(binding.descent, Descent::BuiltIn, "{}", binding.name);
            assert!(matches!(binding.target, Target::Role(_)), "{}: {:?}", binding.name, binding.target);
            *counts
                .entry(if binding.cluster_wide { "ClusterRoleBinding" } else { "RoleBinding" })
                .or_insert(0) += 1;
        }
    }
    println!("recognised: {counts:?}");
    assert_eq!(counts.values().sum::<i32>(), 165, "{counts:?}");
}

#[test]
fn the_tables_hold_kubernetes_and_kubeadm() {
    assert!(roles().len() > 80, "{}", roles().len());
    for (kind, namespace, name) in [
        ("ClusterRole", None, "cluster-admin"),
        ("ClusterRoleBinding", None, "kubeadm:cluster-admins"),
        ("RoleBinding", Some("kube-public"), "kubeadm:bootstrap-signer-clusterinfo"),
        ("Role", Some("kube-system"), "extension-apiserver-authentication-reader"),
    ] {
        assert!(named(kind, namespace, name).is_some(), "{kind} {name}");
    }
    assert!(named("ClusterRole", Some("shop"), "cluster-admin").is_none());
}

#[test]
fn a_name_or_a_label_alone_proves_nothing() {
    let files = streams(&[(
        "a.yaml",
        r#"
kind: ClusterRole
metadata: {name: "system:kube-scheduler", labels: {kubernetes.io/bootstrapping: rbac-defaults}}
rules: [{apiGroups: [""], resources: [pods, secrets], verbs: [list]}]
---
kind: ClusterRole
metadata: {name: "system:node-problem-detector"}
rules: [{apiGroups: [""], resources: [nodes], verbs: [get]}]
---
kind: ClusterRole
metadata: {name: view}
aggregationRule: {clusterRoleSelectors: [{}]}
---
kind: ClusterRole
metadata: {name: edit}
aggregationRule:
  clusterRoleSelectors:
  - matchLabels: {rbac.authorization.k8s.io/aggregate-to-edit: "true", team: shop}
---
kind: ClusterRole
metadata: {name: "system:shop"}
---
kind: Role
metadata: {name: cluster-admin, namespace: shop}
---
kind: ClusterRoleBinding
metadata: {name: cluster-admin}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: "system:masters"}, {kind: Group, name: admins}]
---
kind: ClusterRoleBinding
metadata: {name: "system:discovery"}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: "system:authenticated"}]
---
kind: ClusterRoleBinding
metadata: {name: "kubeadm:cluster-admins"}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: "kubeadm:cluster-admins"}]
"#,
    )]);
    let policy = policy(&files);
    let said: Vec<String> = policy
        .roles()
        .iter()
        .filter(|role| role.source.is_some())
        .map(|role| match role.descent {
            Descent::Custom => "custom".to_owned(),
            Descent::BuiltIn => "built in".to_owned(),
            Descent::Widened(Some(single)) => single.to_string(),
            Descent::Widened(None) | Descent::Rebound => "widened".to_owned(),
        })
        .collect();
    assert_eq!(said, ["`list` on `secrets`", "built in", "widened", "built in", "custom", "custom"]);
    let bindings: Vec<Descent<'_>> = policy.bindings().iter().map(|binding| binding.descent).collect();
    assert_eq!(bindings, [Descent::Rebound, Descent::Rebound, Descent::BuiltIn]);
}
