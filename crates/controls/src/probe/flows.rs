//! Whether a NetworkPolicy has an effect: the same flows before and after it.

use seaworthy_probe::{Answers, Attempt, Identity, Outcome, Request, Step, Subject};
use serde_json::{Value, json};

use super::Ground;
use super::pods::{Room, connections};

/// Where the listener listens, and whether the policies allow it.
const ALLOWED: u16 = 18080;
const DENIED: u16 = 18081;

/// Which policies are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Those of the pod that listens.
    Ingress,
    /// Those of the pod that connects.
    Egress,
}

/// A listener, a pod that connects, policies, and another pod that connects.
pub(crate) fn plan(ground: &Ground<'_, '_>, way: Way) -> Vec<Attempt> {
    let subject = Subject::cluster("pod network");
    let name = match way {
        Way::Ingress => "ingress",
        Way::Egress => "egress",
    };
    let Some(room) = Room::of(ground, name) else { return Room::missing(subject) };
    let mut listener =
        room.pod("listener", &["--listen", &ALLOWED.to_string(), "--listen", &DENIED.to_string()]);
    listener["spec"]["containers"][0]["readinessProbe"] =
        json!({"tcpSocket": {"port": ALLOWED}, "periodSeconds": 1, "timeoutSeconds": 2});
    let allowed = format!("${{listening:/status/podIP}}:{ALLOWED}");
    let denied = format!("${{listening:/status/podIP}}:{DENIED}");
    let before = room.pod("before", &["--connect", &allowed, "--connect", &denied, "--patience", "20"]);
    let after = room.pod("after", &["--connect", &allowed, "--connect-denied", &denied, "--patience", "20"]);
    let mut steps = room.open();
    steps.push(room.start("listener", &listener));
    steps.push(room.ready("listening", "listener"));
    steps.push(room.start("before-pod", &before));
    steps.push(room.ended("before-ended", "before"));
    steps.push(Step::control("before", room.log("before"), |answer| {
        let both = answer.json().and_then(|report| {
            let all = report["connections"].as_array()?.iter().all(|one| one["connected"] == true);
            Some(all)
        });
        match both {
            Some(true) => Ok(()),
            Some(false) => {
                Err("pods do not reach each other although no policy stands in the way".to_owned())
            }
            None => Err(answer.summary()),
        }
    }));
    for (step, policy) in policies(way) {
        let collection = format!("/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies", room.namespace);
        let name = policy["metadata"]["name"].as_str().unwrap_or_default();
        let request = Request::create(collection, name, &policy).by(Identity::Caller);
        steps.push(Step::control(step, request, |answer| match answer.status() {
            Some(201) => Ok(()),
            _ => Err(answer.summary()),
        }));
    }
    steps.push(room.start("after-pod", &after));
    steps.push(room.ended("after-ended", "after"));
    steps.push(room.ready("still-listening", "listener"));
    steps.push(Step::ask("after", room.log("after")));
    vec![Attempt::new(subject, steps, judge)]
}

fn judge(answers: &Answers) -> Outcome {
    match connections(answers, "after").as_deref() {
        Some([true, false]) => {
            Outcome::proved("after", "what the policies deny does not connect, and what they allow does")
        }
        Some([true, true]) => Outcome::refuted("after", "what the policies deny connects all the same"),
        Some([false, _]) => Outcome::inconclusive("after", "what the policies allow does not connect either"),
        _ => answers.inconclusive("after"),
    }
}

fn policies(way: Way) -> [(&'static str, Value); 2] {
    let policy = |name: &str, spec: Value| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "seaworthy"}},
            "spec": spec,
        })
    };
    let listener = json!({"matchLabels": {"seaworthy.dev/role": "listener"}});
    let after = json!({"matchLabels": {"seaworthy.dev/role": "after"}});
    let port = json!([{"protocol": "TCP", "port": ALLOWED}]);
    match way {
        Way::Ingress => [
            ("deny", policy("deny", json!({"podSelector": {}, "policyTypes": ["Ingress"]}))),
            (
                "allow",
                policy(
                    "allow",
                    json!({
                        "podSelector": listener, "policyTypes": ["Ingress"], "ingress": [{"ports": port}],
                    }),
                ),
            ),
        ],
        Way::Egress => [
            ("deny", policy("deny", json!({"podSelector": {}, "policyTypes": ["Egress"]}))),
            (
                "allow",
                policy(
                    "allow",
                    json!({
                        "podSelector": after, "policyTypes": ["Egress"], "egress": [{"ports": port}],
                    }),
                ),
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Reply, Verdict};

    use super::*;

    #[test]
    fn a_policy_is_in_force_when_the_denied_port_alone_is_silent() {
        let verdict = |connected: &[bool]| {
            let connections: Vec<_> = connected.iter().map(|one| json!({"connected": one})).collect();
            let body = json!({"connections": connections}).to_string().into_bytes();
            let reply = Reply::Http { status: 200, headers: Vec::new(), body, cut: false, tls: None };
            judge(&Answers(vec![("after", Answer { at: String::new(), took: Duration::ZERO, reply })]))
                .verdict
        };
        assert_eq!(verdict(&[true, false]), Verdict::Proved);
        assert_eq!(verdict(&[true, true]), Verdict::Refuted);
        // A network that is dead is no policy that is enforced.
        assert_eq!(verdict(&[false, false]), Verdict::Inconclusive);
        assert_eq!(verdict(&[false, true]), Verdict::Inconclusive);
        assert_eq!(verdict(&[]), Verdict::Inconclusive);
        assert_eq!(judge(&Answers::default()).verdict, Verdict::Inconclusive);
    }
}
