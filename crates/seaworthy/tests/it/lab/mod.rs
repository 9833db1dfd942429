//! Verdicts about real servers: both profiles of the lab, one row per control. What is expected follows from
//! `testing/lab/profiles`, not from what the program says.

mod cluster;
mod nodes;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Output;

use ::lab::{Lab, Profile};
use serde_json::Value;

use crate::program::{report, root, stderr};

/// A control, and its status for the insecure and for the hardened profile.
type Row = (&'static str, &'static str, &'static str);

const OPEN: &str = "open";
const DONE: &str = "done";
const UNKNOWN: &str = "unknown";
const NONE: &str = "not-applicable";

/// What flags and configuration files of the control plane decide.
const CONTROL_PLANE: &[Row] = &[
    // No webhook judges images, and whether the cluster has one, files do not tell.
    ("admission/image-policy", UNKNOWN, UNKNOWN),
    ("admission/node-restriction", OPEN, DONE),
    ("admission/obsolete-policy", DONE, DONE),
    ("admission/optional-plugins", OPEN, DONE),
    ("admission/required-plugins", OPEN, DONE),
    ("api-server/anonymous-auth", OPEN, DONE),
    ("api-server/authorization-mode", OPEN, DONE),
    ("api-server/authorization-webhook-fail-closed", NONE, NONE),
    ("api-server/etcd-client-tls", OPEN, DONE),
    // 1.36 has none.
    ("api-server/insecure-port", DONE, DONE),
    ("api-server/kubelet-tls", OPEN, DONE),
    ("api-server/overload-guards", OPEN, DONE),
    ("api-server/profiling", OPEN, DONE),
    ("api-server/service-account-keys", OPEN, DONE),
    ("api-server/supported-version", DONE, DONE),
    // A lab cannot be without: nothing would come in.
    ("api-server/tls-serving", DONE, DONE),
    ("api-server/tls-strength", OPEN, DONE),
    ("api-server/trusted-cas", DONE, DONE),
    ("audit/enabled", OPEN, DONE),
    ("audit/no-sensitive-bodies", NONE, DONE),
    // Nobody reads the log away from the host, as far as flags tell.
    ("audit/pipeline", NONE, UNKNOWN),
    ("audit/policy-coverage", NONE, DONE),
    ("audit/retention", NONE, DONE),
    ("authentication/claim-rules", NONE, DONE),
    ("authentication/external-identity", OPEN, DONE),
    ("authentication/static-tokens", OPEN, DONE),
    ("control-plane/bind-address", OPEN, DONE),
    ("control-plane/component-tls", DONE, DONE),
    ("control-plane/controller-credentials", OPEN, DONE),
    ("etcd/client-tls", OPEN, DONE),
    // Two paths do not tell whether they hold one CA.
    ("etcd/dedicated-ca", NONE, UNKNOWN),
    ("etcd/encryption-at-rest", OPEN, DONE),
    ("etcd/encryption-coverage", NONE, DONE),
    ("etcd/encryption-keys", NONE, DONE),
    ("etcd/peer-tls", OPEN, DONE),
];

#[test]
fn the_files_of_both_profiles_are_judged_as_their_description_says() {
    let mut found = Vec::new();
    for profile in [Profile::insecure(), Profile::hardened()] {
        let lab = match Lab::start(profile.with_controllers()) {
            Ok(lab) => lab,
            Err(skip) => return skip.announce(),
        };
        let path = |name: &str| lab.folder().join(name).display().to_string();
        found.push(report(&["--no-config", &path("manifests"), &path("config")]));
    }
    compare(CONTROL_PLANE, &found[0], &found[1]);
}

#[test]
fn both_clusters_are_judged_as_their_description_says() {
    let mut found = Vec::new();
    for profile in [Profile::insecure(), Profile::hardened()] {
        let lab = match Lab::start(profile.with_application()) {
            Ok(lab) => lab,
            Err(skip) => return skip.announce(),
        };
        found.push(scan(&lab));
    }
    let rows: BTreeSet<&str> = cluster::CLUSTER.iter().map(|(control, ..)| *control).collect();
    let without: Vec<&str> =
        statuses(&found[0]).into_keys().filter(|control| !rows.contains(control)).collect();
    compare(cluster::CLUSTER, &found[0], &found[1]);
    assert!(without.is_empty(), "controls without a row in lab/cluster.rs: {without:?}");
}

#[test]
fn the_nodes_of_both_clusters_are_judged_as_their_description_says() {
    let mut found = Vec::new();
    for profile in [Profile::insecure(), Profile::hardened()] {
        let lab = match Lab::start(profile.with_nodes()) {
            Ok(lab) => lab,
            Err(skip) => return skip.announce(),
        };
        found.push(scan(&lab));
    }
    compare(nodes::NODES, &found[0], &found[1]);
}

/// The report of a scan of a lab, by a program that runs where its servers do.
fn scan(lab: &Lab) -> Value {
    let output: Output = lab
        .command(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["scan", "--cluster", "--no-config", "--format", "json", "--kubeconfig"])
        .arg(lab.kubeconfig("admin"))
        .current_dir(root())
        .output()
        .expect("the program runs");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

/// Fails with all rows that differ, and with what the program said of them.
fn compare(rows: &[Row], insecure: &Value, hardened: &Value) {
    let mut wrong = Vec::new();
    for (profile, report, column) in [("insecure", insecure, 0), ("hardened", hardened, 1)] {
        let found = statuses(report);
        for (control, in_insecure, in_hardened) in rows {
            let expected = [in_insecure, in_hardened][column];
            let status = found.get(control).copied().unwrap_or("missing");
            if status != *expected {
                wrong.push(format!(
                    "{control} of the {profile} profile: {expected} expected, {status} found\n{}",
                    reasons(report, control)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The status of each control of a report.
fn statuses(report: &Value) -> BTreeMap<&str, &str> {
    let controls = report["controls"].as_array().expect("controls");
    controls
        .iter()
        .filter_map(|control| Some((control["id"].as_str()?, control["status"].as_str()?)))
        .collect()
}

/// The first of what a report says of a control.
fn reasons(report: &Value, control: &str) -> String {
    let of = |list: &str, key: &str| -> Vec<String> {
        let entries = report[list].as_array().into_iter().flatten();
        entries
            .filter(|entry| entry["control"] == control)
            .map(|entry| format!("  {list}: {}", entry[key].as_str().unwrap_or_default()))
            .take(5)
            .collect()
    };
    [of("findings", "message"), of("unknown", "reason")].concat().join("\n")
}
