//! What the log of a Job may say, and what follows of it: it may be written by an intruder.

use std::time::Duration;

use seaworthy_probe::Reply;

use super::*;

const CONTROL: &str = "rbac/secret-access";

fn expected() -> Expected {
    Expected {
        place: JobPlace { namespace: "shop".to_owned(), account: "web".to_owned() },
        job: "seaworthy-probe-x-0".to_owned(),
        command: vec!["/seaworthy".to_owned(), "prove".to_owned()],
    }
}

fn answer(status: u16, body: &str) -> Answer {
    let body = body.as_bytes().to_vec();
    let reply = Reply::Http { status, headers: Vec::new(), body, cut: false, tls: None };
    Answer { at: String::new(), took: Duration::ZERO, reply }
}

/// The pod as the API gives it when all is well.
fn pod() -> Value {
    json!({
        "metadata": {"name": "seaworthy-probe-x-0-abcde", "ownerReferences": [
            {"kind": "Job", "name": "seaworthy-probe-x-0", "uid": "u1", "controller": true},
        ]},
        "spec": {"serviceAccountName": "web", "containers": [
            {"name": "injected", "command": ["/proxy"]},
            {"name": "probe", "command": ["/seaworthy", "prove"]},
        ]},
        "status": {"containerStatuses": [{"name": "probe", "state": {"terminated": {"exitCode": 0}}}]},
    })
}

fn proof(verdict: &str) -> Value {
    json!({
        "control": CONTROL, "probe": "inside", "verdict": verdict, "reason": "because",
        "subject": {"kind": "Pod", "namespace": "shop", "name": "seaworthy-probe-x-0-abcde"},
    })
}

fn said(pods: &[Value], log: &str) -> Outcome {
    let answers = Answers(vec![
        ("job", answer(201, &json!({"metadata": {"uid": "u1"}}).to_string())),
        ("pods", answer(200, &json!({"items": pods}).to_string())),
        ("log", answer(200, log)),
    ]);
    expected().said(&answers, CONTROL)
}

fn report(proofs: &[Value]) -> String {
    json!({"proofs": proofs}).to_string()
}

#[test]
fn what_the_pod_of_the_job_says_is_taken_over() {
    for (verdict, is) in [
        ("proved", Verdict::Proved),
        ("refuted", Verdict::Refuted),
        ("inconclusive", Verdict::Inconclusive),
        ("enforced", Verdict::Inconclusive),
    ] {
        assert_eq!(said(&[pod()], &report(&[proof(verdict)])).verdict, is, "{verdict}");
    }
}

#[test]
fn a_log_that_is_not_the_report_that_was_planned_decides_nothing() {
    let with = |key: &str, value: Value| {
        let mut proof = proof("proved");
        proof[key] = value;
        report(&[proof])
    };
    let elsewhere = json!({"kind": "Pod", "namespace": "shop", "name": "another"});
    let cluster = json!({"kind": "Cluster", "namespace": null, "name": "API server"});
    let logs = [
        String::new(),
        "null".to_owned(),
        "{\"proofs\": 1}".to_owned(),
        report(&[]),
        // Two answers: one is not ours.
        report(&[proof("refuted"), proof("proved")]),
        with("subject", elsewhere),
        with("subject", cluster),
        with("probe", json!("pod")),
        with("control", json!("rbac/cluster-admin")),
        report(&vec![proof("proved"); MOST + 1]),
        format!("{}\nand more", report(&[proof("proved")])),
    ];
    for log in logs {
        assert_eq!(said(&[pod()], &log).verdict, Verdict::Inconclusive, "{log:.200}");
    }
}

#[test]
fn a_pod_that_says_it_is_of_the_job_is_not_believed() {
    let log = report(&[proof("proved")]);
    let with = |place: &str, value: Value| {
        let mut pod = pod();
        *pod.pointer_mut(place).expect("a place") = value;
        pod
    };
    for other in [
        with("/metadata/ownerReferences", json!([])),
        with("/metadata/ownerReferences/0/uid", json!("u2")),
        with("/metadata/ownerReferences/0/controller", json!(false)),
        with("/spec/containers/1/command", json!(["/bin/sh"])),
        with("/spec/serviceAccountName", json!("default")),
        with("/status/containerStatuses/0/state/terminated/exitCode", json!(1)),
        with("/status", json!({})),
    ] {
        assert_eq!(said(std::slice::from_ref(&other), &log).verdict, Verdict::Inconclusive, "{other}");
    }
    // Somebody puts another pod beside ours.
    assert_eq!(said(&[pod(), pod()], &log).verdict, Verdict::Inconclusive);
    assert_eq!(said(&[], &log).verdict, Verdict::Inconclusive);
}

#[test]
fn who_has_no_token_has_nothing_to_try() {
    let mut token = proof("proved");
    token["control"] = json!("service-accounts/automount-token");
    assert_eq!(said(&[pod()], &report(&[token.clone()])).step, NOTHING);
    token["verdict"] = json!("refuted");
    assert_eq!(said(&[pod()], &report(&[token])).step, "log");
}

#[test]
fn what_was_not_asked_for_proves_nothing() {
    let of = |control: &str, outcome: Outcome| {
        let probe = probes().find(|probe| probe.control == control).expect("a probe");
        let control = crate::catalogue::find(control).expect("a control");
        counts(&Also { control, probe: &probe.by_job }, &outcome)
            && counts(&Also { control, probe: &probe.probe }, &outcome)
    };
    assert!(!of("pods/privileged", Outcome::proved("log", "")));
    assert!(!of("pods/privileged", Outcome::inconclusive("log", "")));
    assert!(of("pods/privileged", Outcome::refuted("log", "")));
    assert!(of("rbac/secret-access", Outcome::proved("log", "")));
    assert!(of("rbac/secret-access", Outcome::inconclusive("account", "")));
    // Pod Security does not let it in, which other probes say.
    assert!(!of("pods/capabilities-dropped", Outcome::inconclusive(ADMITTED, "")));
    assert!(of("rbac/secret-access", Outcome::inconclusive(ADMITTED, "")));
}

#[test]
fn every_control_of_the_lists_has_a_probe() {
    for control in ONLY_REFUTES.iter().chain(SAID_WHERE_RESTRICTED) {
        assert!(probes().any(|probe| probe.control == *control), "{control}");
    }
}
