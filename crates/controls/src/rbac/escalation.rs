//! Whether those who may write roles and bindings can give themselves what they lack: they try, in a dry run.

use rustc_hash::FxHashMap;
use seaworthy_authorization::{Holder, Place};
use seaworthy_probe::{Answers, Attempt, Consent, Outcome, Request, SideEffect, Step, Subject, encode};
use serde_json::{Value, json};

use crate::probe::{Ground, Probe};
use crate::rbac::holders::{self, Held};
use crate::rbac::live;
use crate::rbac::risky::RBAC;

/// Holders that are tried.
const MOST: usize = 25;

pub(super) const PROBE: Probe = Probe {
    name: "escalation",
    asks: "A made-up user, and each subject to which bindings give the right to create roles or bindings, impersonated, dry-run a \
           role that grants everything and a binding to `cluster-admin`, after ones that grant nothing",
    proved_by: "403 `… is attempting to grant RBAC permissions not currently held`, or 403 to the one that grants nothing as well: \
                the user may not create any",
    refuted_by: "201 to the role that grants everything, or to the binding to `cluster-admin`",
    not_fooled_by: "an impersonation that is refused; refusals by policies and webhooks, which are worded otherwise. That roles which exist \
                    can be changed is not tried, nor what somebody may do who may impersonate: one impersonation cannot hold \
                    another",
    positive_control: "the same user, impersonated in the same way, asks the API server who it is",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &live::IMPERSONATE,
    plan,
};

/// What is tried, step by step: something that grants nothing, and then everything.
struct Trial {
    harmless: &'static str,
    asked: &'static str,
    resource: &'static str,
    tells: &'static str,
}

const OF_CLUSTER: [Trial; 2] = [
    Trial {
        harmless: "empty-cluster-role",
        asked: "cluster-role",
        resource: "clusterroles",
        tells: "a ClusterRole that grants everything",
    },
    Trial {
        harmless: "empty-cluster-binding",
        asked: "cluster-binding",
        resource: "clusterrolebindings",
        tells: "a ClusterRoleBinding to `cluster-admin`",
    },
];

const OF_NAMESPACE: [Trial; 2] = [
    Trial {
        harmless: "empty-role",
        asked: "role",
        resource: "roles",
        tells: "a Role that grants everything",
    },
    Trial {
        harmless: "empty-binding",
        asked: "binding",
        resource: "rolebindings",
        tells: "a RoleBinding to `cluster-admin`",
    },
];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let everybody = Holder::Group("system:authenticated");
    let mut attempts = vec![attempt(ground, Subject::cluster("everybody else"), &everybody, None)];
    let policy = ground.evidence.access().policy();
    // Whoever has it in the whole cluster is tried there, others in the first namespace.
    let mut found: FxHashMap<Holder<'_>, Option<&str>> = FxHashMap::default();
    for role in policy.roles().iter().filter(|role| !role.descent.is_built_in()) {
        let writes = |resource| {
            role.own_rules().any(|rule| !rule.is_full() && rule.allows("create", RBAC, resource).is_some())
        };
        if !OF_CLUSTER.iter().chain(&OF_NAMESPACE).any(|trial| writes(trial.resource)) {
            continue;
        }
        let Held::By(holdings) = holders::of(policy, role) else { continue };
        for holding in holdings.iter().filter(|holding| !live::is_nobody(&holding.holder)) {
            let place = match holding.place {
                Place::Cluster => None,
                Place::Namespace(namespace) => namespace,
            };
            let known = found.entry(holding.holder).or_insert(place);
            *known = known.and(place);
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable();
    let more = found.len().saturating_sub(MOST);
    let tried = found.iter().take(MOST);
    attempts.extend(tried.map(|(holder, place)| attempt(ground, live::subject(holder), holder, *place)));
    if more > 0 {
        let reason =
            format!("{MOST} subjects that may create roles or bindings are tried, and {more} more are not");
        attempts.push(Attempt::cannot(Subject::cluster("other holders"), reason, "fewer of them"));
    }
    attempts
}

fn attempt(ground: &Ground<'_, '_>, subject: Subject, holder: &Holder<'_>, place: Option<&str>) -> Attempt {
    let (user, who, control) = live::impersonated(holder);
    let mut steps = vec![control];
    let mut trials: Vec<&'static Trial> = Vec::new();
    let mut add = |trial: &'static Trial, collection: String| {
        for (step, grants) in [(trial.harmless, false), (trial.asked, true)] {
            let body = body(ground, trial.resource, place, grants);
            steps.push(Step::ask(step, Request::dry_run(&collection, &body).by(who.clone())));
        }
        trials.push(trial);
    };
    if place.is_none() {
        for trial in &OF_CLUSTER {
            add(trial, format!("/apis/{RBAC}/v1/{}", trial.resource));
        }
    }
    let namespace = encode(place.unwrap_or("default"));
    for trial in &OF_NAMESPACE {
        add(trial, format!("/apis/{RBAC}/v1/namespaces/{namespace}/{}", trial.resource));
    }
    Attempt::new(subject, steps, move |answers| judge(answers, &user, &trials)).otherwise_needs(live::NEEDS)
}

/// A role or a binding that grants everything, or nothing: a binding to nobody, of a role that everybody has.
fn body(ground: &Ground<'_, '_>, resource: &str, place: Option<&str>, grants: bool) -> Value {
    let everything = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let reference = |name: &str| json!({"apiGroup": RBAC, "kind": "ClusterRole", "name": name});
    let subjects = json!([{"apiGroup": RBAC, "kind": "User", "name": "seaworthy:probe"}]);
    let mut body = json!({
        "apiVersion": format!("{RBAC}/v1"),
        "metadata": {"name": format!("seaworthy-probe-{}", ground.run)},
    });
    let (kind, is_role) = match resource {
        "clusterroles" => ("ClusterRole", true),
        "roles" => ("Role", true),
        "clusterrolebindings" => ("ClusterRoleBinding", false),
        _ => ("RoleBinding", false),
    };
    body["kind"] = kind.into();
    if !kind.starts_with("Cluster") {
        body["metadata"]["namespace"] = place.unwrap_or("default").into();
    }
    match (is_role, grants) {
        (true, true) => body["rules"] = everything,
        (true, false) => body["rules"] = json!([]),
        (false, true) => {
            body["roleRef"] = reference("cluster-admin");
            body["subjects"] = subjects;
        }
        (false, false) => body["roleRef"] = reference("system:basic-user"),
    }
    body
}

/// The refusal of `pkg/registry/rbac` of Kubernetes: of the API server itself, whatever authorizers say.
const CHECKED: &str = "is attempting to grant RBAC permissions not currently held";

fn judge(answers: &Answers, user: &str, trials: &[&'static Trial]) -> Outcome {
    let forbidden = |step: &str| (answers.status(step) == Some(403)).then(|| answers.message(step));
    let of_webhook = |message: &str| message.contains("admission webhook \"");
    let (mut last, mut checked, mut refused) = ("itself", 0, 0);
    for trial in trials {
        if answers.status(trial.asked) == Some(201) {
            let reason = format!("`{user}` did it: the dry run of {} is accepted", trial.tells);
            return Outcome::refuted(trial.asked, reason);
        }
    }
    for trial in trials {
        let Some(message) = forbidden(trial.asked) else { return answers.inconclusive(trial.asked) };
        let cannot = format!("User \"{user}\" cannot create resource \"{}\"", trial.resource);
        if message.contains(CHECKED) && !of_webhook(&message) {
            checked += 1;
        } else if message.contains(&cannot)
            && forbidden(trial.harmless).is_some_and(|text| text.contains(&cannot))
        {
            refused += 1;
        } else {
            return answers.inconclusive(trial.asked);
        }
        last = trial.asked;
    }
    let mut reasons = Vec::new();
    if checked > 0 {
        reasons.push(format!("{checked} times the check against escalation refuses what it lacks itself"));
    }
    if refused > 0 {
        reasons.push(format!("{refused} times it may not create such objects at all"));
    }
    Outcome::proved(last, format!("`{user}` gets nothing that it lacks: {}", reasons.join(", ")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Reply, Verdict};

    use super::*;

    fn verdict(harmless: (u16, &str), asked: (u16, &str)) -> Verdict {
        let answer = |(status, message): (u16, &str)| {
            let body = json!({"kind": "Status", "message": message}).to_string().into_bytes();
            let reply = Reply::Http { status, headers: Vec::new(), body, cut: false, tls: None };
            Answer { at: String::new(), took: Duration::ZERO, reply }
        };
        let [role, _] = &OF_NAMESPACE;
        let answers = Answers(vec![("empty-role", answer(harmless)), ("role", answer(asked))]);
        judge(&answers, "jane", &[role]).verdict
    }

    #[test]
    fn only_the_check_of_the_api_server_and_a_missing_right_are_refusals() {
        let check = "roles \"x\" is forbidden: user \"jane\" (groups=[\"a\"]) is attempting to grant RBAC permissions not currently held:\n{}";
        let lacks = "roles is forbidden: User \"jane\" cannot create resource \"roles\" in API group \"rbac.authorization.k8s.io\"";
        assert_eq!(verdict((201, ""), (201, "")), Verdict::Refuted);
        assert_eq!(verdict((201, ""), (403, check)), Verdict::Proved);
        assert_eq!(verdict((403, lacks), (403, lacks)), Verdict::Proved);
        assert_eq!(verdict((201, ""), (403, lacks)), Verdict::Inconclusive);
        let webhook = format!("admission webhook \"w\" denied the request: {check}");
        assert_eq!(verdict((201, ""), (403, &webhook)), Verdict::Inconclusive);
        assert_eq!(verdict((201, ""), (500, "")), Verdict::Inconclusive);
    }
}
