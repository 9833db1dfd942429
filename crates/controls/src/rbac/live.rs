//! Probes that do, harmlessly, what others may: as a holder of a right, impersonated, on objects that do not exist and as a dry
//! run. SubjectAccessReview says what somebody could do; here the request itself passes the authorizer, or does not.

use seaworthy_authorization::Holder;
use seaworthy_probe::{
    Answer, Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, encode,
};
use serde_json::json;

use crate::probe::{Ground, Probe, REQUESTS, Right as CallerRight, whoami};
use crate::rbac::review::{self, Inquiry, Question};
use crate::rbac::risky::Risk;

/// To act as somebody else, for a dry run as well.
pub(super) const IMPERSONATE: [CallerRight; 3] = [
    CallerRight { group: "", resource: "users", verbs: &["impersonate"] },
    CallerRight { group: "", resource: "groups", verbs: &["impersonate"] },
    CallerRight { group: "", resource: "serviceaccounts", verbs: &["impersonate"] },
];

/// What would decide an attempt whose impersonation is refused.
pub(super) const NEEDS: &str = "the right to impersonate users, groups and service accounts";

/// Holders that are tried, one attempt each.
const MOST_HOLDERS: usize = 25;

/// Most requests of one attempt.
const MOST_REQUESTS: usize = 12;

/// A kind whose requests are tried: its group and version, its resource, whether it stands in namespaces.
type Kind = (&'static str, &'static str, &'static str, bool);

/// What every API server has, so that a 404 is not that of a kind it does not know.
const KINDS: &[Kind] = &[
    ("", "v1", "configmaps", true),
    ("", "v1", "endpoints", true),
    ("", "v1", "events", true),
    ("", "v1", "limitranges", true),
    ("", "v1", "namespaces", false),
    ("", "v1", "nodes", false),
    ("", "v1", "persistentvolumes", false),
    ("", "v1", "pods", true),
    ("", "v1", "pods/attach", true),
    ("", "v1", "pods/exec", true),
    ("", "v1", "pods/portforward", true),
    ("", "v1", "replicationcontrollers", true),
    ("", "v1", "resourcequotas", true),
    ("", "v1", "secrets", true),
    ("", "v1", "serviceaccounts/token", true),
    ("", "v1", "services", true),
    ("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", false),
    ("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", false),
    ("apiregistration.k8s.io", "v1", "apiservices", false),
    ("apps", "v1", "daemonsets", true),
    ("apps", "v1", "deployments", true),
    ("apps", "v1", "replicasets", true),
    ("apps", "v1", "statefulsets", true),
    ("batch", "v1", "cronjobs", true),
    ("batch", "v1", "jobs", true),
    ("discovery.k8s.io", "v1", "endpointslices", true),
    ("networking.k8s.io", "v1", "ingresses", true),
    ("networking.k8s.io", "v1", "networkpolicies", true),
    ("node.k8s.io", "v1", "runtimeclasses", false),
    ("scheduling.k8s.io", "v1", "priorityclasses", false),
    ("storage.k8s.io", "v1", "storageclasses", false),
];

/// The probe of a control of the form "few subjects may …": what its review asks, done.
pub(super) const fn probe(plan: fn(&Ground<'_, '_>) -> Vec<Attempt>) -> Probe {
    Probe {
        name: "live",
        asks: "A made-up user, and each subject to which bindings give such a right, impersonated, send such requests themselves: on \
               objects that do not exist, with `dryRun=All` where something would change, and lists are of objects that do not exist",
        proved_by: "403 of the API server to each of them, which names the user, the verb and the resource",
        refuted_by: "200, or the 400, 404, 405, 409, 415 or 422 that only comes once a request has passed the authorizer",
        not_fooled_by: "an impersonation that is refused, and refusals by admission, whose 403 are worded otherwise; kinds that the \
                        server does not know: only those that every one has are tried. Rights to objects by name, to watch and to \
                        delete whole collections are left to the review",
        positive_control: "the same user, impersonated in the same way, asks the API server who it is",
        consent: Consent::Read,
        side_effect: SideEffect::AuditLine,
        rights: &IMPERSONATE,
        plan,
    }
}

/// One attempt for those who should have none of the rights, and one for each of those whom bindings give one.
pub(super) fn attempts(ground: &Ground<'_, '_>, risk: &'static Risk) -> Vec<Attempt> {
    let version = ground.settings.version;
    let rights = risk.rights.iter().filter(|right| right.is_asked_in(version));
    let ordinary: Vec<Question> = rights.flat_map(|right| right.every()).collect();
    let everybody = Holder::Group("system:authenticated");
    let mut attempts = Vec::new();
    attempts.extend(attempt(ground, Subject::cluster("everybody else"), &everybody, &ordinary));
    let inquiry = Inquiry::of_risk(ground, risk);
    let tried = inquiry.holders().filter(|(holder, _)| !is_nobody(holder));
    let mut tried =
        tried.filter_map(|(holder, questions)| attempt(ground, subject(holder), holder, questions));
    attempts.extend(tried.by_ref().take(MOST_HOLDERS));
    let more = tried.count();
    if more > 0 {
        let reason = format!("{MOST_HOLDERS} holders are tried, and {more} more are not");
        attempts.push(Attempt::cannot(
            Subject::cluster("other holders"),
            reason,
            "fewer subjects with such rights",
        ));
    }
    attempts
}

/// What a verdict about a holder names.
pub(super) fn subject(holder: &Holder<'_>) -> Subject {
    Subject::new(holder.kind(), holder.namespace(), holder.name())
}

/// Nobody can be asked who it is, and is tried without impersonation by other controls.
pub(super) fn is_nobody(holder: &Holder<'_>) -> bool {
    matches!(holder, Holder::User("system:anonymous") | Holder::Group("system:unauthenticated"))
}

/// A holder by impersonation, and the positive control that it works.
pub(super) fn impersonated(holder: &Holder<'_>) -> (String, Identity, Step) {
    let (user, groups) = review::identity(holder);
    let who = Identity::Impersonated { user: user.clone(), groups };
    let control = Step::control("itself", whoami::request(who.clone()), seaworthy_probe::expect::ok);
    (user, who, control)
}

fn attempt(
    ground: &Ground<'_, '_>,
    subject: Subject,
    holder: &Holder<'_>,
    questions: &[Question],
) -> Option<Attempt> {
    let (user, who, control) = impersonated(holder);
    let mut steps = vec![control];
    let mut told = Vec::new();
    let requests = questions.iter().filter_map(|question| Some((question, request(ground, question)?)));
    for (name, (question, request)) in REQUESTS.iter().take(MOST_REQUESTS).zip(requests) {
        steps.push(Step::ask(name, request.by(who.clone())));
        told.push((*name, question.clone()));
    }
    if told.is_empty() {
        return None;
    }
    let judged = Attempt::new(subject, steps, move |answers| {
        let mut last = "itself";
        for (name, question) in &told {
            match answers.get(name).and_then(|answer| passed(answer, &user, question)) {
                Some(true) => {
                    let reason = format!("`{user}` did it: {} passes the authorizer", question.tell());
                    return Outcome::refuted(name, reason);
                }
                Some(false) => last = name,
                None => return answers.inconclusive(name),
            }
        }
        Outcome::proved(last, format!("`{user}` sent {} such requests, and each was refused", told.len()))
    });
    Some(judged.otherwise_needs(NEEDS))
}

/// The request that a question is about, where it changes and tells nothing.
fn request(ground: &Ground<'_, '_>, question: &Question) -> Option<Request> {
    let Question { verb, group, resource, name, namespace } = question;
    if !name.is_empty() {
        return None;
    }
    let (_, version, _, namespaced) =
        KINDS.iter().find(|(known, _, kind, _)| known == group && kind == resource)?;
    let base = match group.as_str() {
        "" => format!("/api/{version}"),
        group => format!("/apis/{group}/{version}"),
    };
    let (kind, below) = resource.split_once('/').unwrap_or((resource, ""));
    let collection = match (namespaced, namespace) {
        (true, namespace) => {
            format!("{base}/namespaces/{}/{kind}", encode(namespace.as_deref().unwrap_or("default")))
        }
        (false, None) => format!("{base}/{kind}"),
        // A right to one namespace by a binding in it: that one exists.
        (false, Some(_)) => return None,
    };
    let mut object = format!("{collection}/seaworthy-probe-{}", ground.run);
    if !below.is_empty() {
        object = format!("{object}/{below}");
    }
    const DRY: &str = "dryRun=All&fieldManager=seaworthy-probe";
    let nothing = json!({});
    Some(match verb.as_str() {
        "get" => Request::get(object),
        "list" if below.is_empty() => {
            let all = if namespace.is_none() { format!("{base}/{kind}") } else { collection };
            // Of an object that does not exist, so that whoever may list gets to see none.
            Request::get(format!("{all}?fieldSelector=metadata.name%3Dseaworthy-probe-{}", ground.run))
                .header("accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
        }
        "create" if below.is_empty() => Request::post(format!("{collection}?{DRY}"), &nothing),
        "create" => Request::post(format!("{object}?{DRY}"), &nothing),
        "update" => Request::put(format!("{object}?{DRY}"), &nothing),
        "patch" => Request::patch(format!("{object}?{DRY}"), &nothing),
        "delete" => Request::delete(format!("{object}?dryRun=All")),
        _ => return None,
    })
}

/// Whether a request has passed the authorizer; `None` when the answer does not tell.
fn passed(answer: &Answer, user: &str, question: &Question) -> Option<bool> {
    // What stands before an API server gives no such header.
    answer.header("audit-id")?;
    match answer.status()? {
        403 => {
            let message = answer.message()?;
            let refusal =
                format!("User \"{user}\" cannot {} resource \"{}\"", question.verb, question.resource);
            message.contains(&refusal).then_some(false)
        }
        200 | 201 | 400 | 404 | 405 | 409 | 415 | 422 => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::Reply;

    use super::*;

    fn answer(status: u16, message: &str) -> Answer {
        let body = json!({"kind": "Status", "message": message}).to_string().into_bytes();
        let headers = vec![("audit-id".to_owned(), "x".to_owned())];
        let reply = Reply::Http { status, headers, body, cut: false, tls: None };
        Answer { at: String::new(), took: Duration::ZERO, reply }
    }

    #[test]
    fn only_the_refusal_of_this_request_to_this_user_is_one() {
        let question = Question::new("create", "", "pods");
        let of = |status, message| passed(&answer(status, message), "jane", &question);
        let refusal = "pods is forbidden: User \"jane\" cannot create resource \"pods\" in API group \"\" in the namespace \"default\"";
        assert_eq!(of(403, refusal), Some(false));
        assert_eq!(
            of(403, "users \"jane\" is forbidden: User \"me\" cannot impersonate resource \"users\""),
            None
        );
        assert_eq!(of(403, "pods \"p\" is forbidden: violates PodSecurity"), None);
        assert_eq!(of(400, "Object 'Kind' is missing in '{}'"), Some(true));
        assert_eq!(of(401, "Unauthorized"), None);
        assert_eq!(of(429, "too many"), None);
        assert_eq!(of(503, "down"), None);
    }
}
