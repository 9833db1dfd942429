//! Marked requests are looked for in the audit log.

use std::fs;

use ::lab::{Lab, Profile};

use super::super::{INCONCLUSIVE, PROVED, REFUTED, Row, expect, hardened, prove};

/// Tries the controls of the audit log with a file for its log.
fn check(lab: &Lab, log: &str, rows: &[Row]) {
    let log = lab.folder().join(log);
    let log = log.to_str().expect("a path");
    expect(&prove(lab, &["--select", "audit", "--audit-log", log]), rows);
}

const LOG: &str = "logs/audit.log";

/// A policy of the lab, after rules of its own.
fn policy(first: &str) -> impl Fn(Profile) -> Profile {
    let text = format!(
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n{first}\
         \n- {{level: Metadata, resources: [{{group: \"\", resources: [secrets, configmaps, serviceaccounts/token]}}, \
         {{group: authentication.k8s.io}}]}}\n- {{level: Request}}\n"
    );
    move |profile| profile.with_file("audit-policy.yaml", &text)
}

#[test]
fn marked_requests_are_found_and_other_files_prove_nothing() {
    let lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    check(
        &lab,
        LOG,
        &[
            ("audit/enabled", "API server", PROVED),
            ("audit/policy-coverage", "*", PROVED),
            ("audit/no-sensitive-bodies", "*", PROVED),
            ("audit/pipeline", "*", INCONCLUSIVE),
            ("audit/monitored", "*", INCONCLUSIVE),
        ],
    );
    // The log of another day, the log of another program, and none.
    fs::copy(lab.folder().join(LOG), lab.folder().join("logs/old.log")).expect("a copy");
    for other in ["logs/old.log", "logs/etcd.log", "logs/none.log"] {
        check(
            &lab,
            other,
            &[
                ("audit/enabled#log", "API server", INCONCLUSIVE),
                ("audit/enabled#counter", "API server", PROVED),
                ("audit/policy-coverage", "*", INCONCLUSIVE),
                ("audit/no-sensitive-bodies", "*", INCONCLUSIVE),
            ],
        );
    }
}

#[test]
fn policies_that_leave_out_or_tell_too_much_are_seen() {
    let cases: [(&str, &[Row]); 4] = [
        // Bodies of what grants rights are not written.
        (
            "- {level: Metadata, resources: [{group: rbac.authorization.k8s.io}]}",
            &[
                ("audit/policy-coverage", "roles and bindings", REFUTED),
                ("audit/policy-coverage", "workloads", PROVED),
                ("audit/policy-coverage", "Secrets and tokens", PROVED),
                ("audit/no-sensitive-bodies", "*", PROVED),
            ],
        ),
        // Who reads Secrets is not written.
        (
            "- {level: None, verbs: [get, list, watch], resources: [{group: \"\", resources: [secrets]}]}",
            &[
                ("audit/policy-coverage", "Secrets and tokens", REFUTED),
                ("audit/policy-coverage", "exec and proxies", PROVED),
                ("audit/no-sensitive-bodies", "*", PROVED),
            ],
        ),
        // Commands by WebSocket, which come as `get`, are not written.
        (
            "- {level: None, verbs: [get], resources: [{group: \"\", resources: [pods/exec]}]}",
            &[
                ("audit/policy-coverage", "exec and proxies", REFUTED),
                ("audit/policy-coverage", "Secrets and tokens", PROVED),
            ],
        ),
        // Everything is written, with what Secrets hold.
        (
            "- {level: RequestResponse}",
            &[("audit/policy-coverage", "*", PROVED), ("audit/no-sensitive-bodies", "*", REFUTED)],
        ),
    ];
    for (first, rows) in cases {
        match Lab::start(policy(first)(hardened())) {
            Ok(lab) => check(&lab, LOG, rows),
            Err(skip) => return skip.announce(),
        }
    }
}
