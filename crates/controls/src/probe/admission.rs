//! What admission answers, and who gives the answer. Judges of probes by dry run share it: a refusal proves nothing before it
//! is known whose it is.

use std::fmt;

use seaworthy_evidence::Known;
use seaworthy_evidence::collection::Collection;
use seaworthy_probe::{Answer, Answers, Attempt, Identity, Outcome, Request, Step, Subject, encode};
use serde_json::{Value, json};

use super::Ground;

/// Namespaces in which one control is tried: the first by name.
const MOST: usize = 25;

/// What admission said of an object, told by the words of the answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    /// It is let in, and would be stored like this.
    Admitted(Value),
    /// Pod Security refuses it; the list of what it violates.
    PodSecurity(String),
    /// A policy, a webhook or a plugin refuses it.
    Policy(Refuser),
    /// A quota is used up. Quotas are asked after everything else, so that all others have let it pass.
    Quota(String),
    /// The API server's own validation refuses it, which knows no policies.
    Invalid(String),
    /// Something else.
    Else,
}

/// Who refuses an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refuser {
    /// A webhook, by its name.
    Webhook(String),
    /// A ValidatingAdmissionPolicy, by its name: expressions that see the object alone.
    Expressions(String),
    /// ImagePolicyWebhook.
    Images,
}

impl fmt::Display for Refuser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refuser::Webhook(name) => write!(f, "webhook `{name}`"),
            Refuser::Expressions(name) => write!(f, "ValidatingAdmissionPolicy `{name}`"),
            Refuser::Images => f.write_str("the image policy"),
        }
    }
}

/// Whose answer it is. Texts of webhooks may hold anything, so they are recognised before all others.
pub(crate) fn said(answer: &Answer) -> Said {
    let (Some(status), message) = (answer.status(), answer.message().unwrap_or_default()) else {
        return Said::Else;
    };
    match status {
        201 => return answer.json().map_or(Said::Else, Said::Admitted),
        400..=499 => {}
        _ => return Said::Else,
    }
    if let Some((_, rest)) = message.split_once("admission webhook \"") {
        return match rest.split_once('"') {
            Some((name, rest)) if rest.starts_with(" denied the request") => {
                Said::Policy(Refuser::Webhook(name.to_owned()))
            }
            _ => Said::Else,
        };
    }
    if let Some((_, rest)) = message.split_once("ValidatingAdmissionPolicy '") {
        return match rest.split_once('\'') {
            Some((name, rest)) if rest.contains(" denied request") => {
                Said::Policy(Refuser::Expressions(name.to_owned()))
            }
            _ => Said::Else,
        };
    }
    if message.contains("image policy webhook backend denied") {
        return Said::Policy(Refuser::Images);
    }
    if status == 403 {
        if let Some((_, list)) = message.split_once("is forbidden: violates PodSecurity ") {
            return Said::PodSecurity(list.to_owned());
        }
        if message.contains("is forbidden: exceeded quota: ")
            || message.contains("is forbidden: failed quota: ")
        {
            return Said::Quota(message);
        }
    }
    match status {
        422 => Said::Invalid(message),
        _ => Said::Else,
    }
}

/// What was said of a step.
pub(crate) fn said_of(answers: &Answers, step: &str) -> Said {
    answers.get(step).map_or(Said::Else, said)
}

/// Expects that nothing but a quota that is used up keeps an object out.
pub(crate) fn admitted(answer: &Answer) -> Result<(), String> {
    match said(answer) {
        Said::Admitted(_) | Said::Quota(_) => Ok(()),
        _ => Err(answer.summary()),
    }
}

/// A pod that meets every demand of the Pod Security Standards and most of other policies: pinned, bounded, without a token.
pub(crate) fn compliant_pod() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "seaworthy-probe-", "labels": {"app.kubernetes.io/name": "seaworthy-probe"}},
        "spec": {
            "automountServiceAccountToken": false,
            "restartPolicy": "Never",
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{
                "name": "probe",
                "image": PAUSE,
                "imagePullPolicy": "Always",
                "resources": {
                    "requests": {"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "16Mi"},
                    "limits": {"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "16Mi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": {"drop": ["ALL"]},
                },
            }],
        },
    })
}

/// The image that every cluster has, for pods that never run.
pub(crate) const PAUSE: &str =
    "registry.k8s.io/pause:3.10@sha256:ee6521f290b2168b6e0935a181d4cff9be1ac3f505666ef0e3c98fae8199917a";

/// The container of a pod of ours.
pub(crate) fn container(pod: &mut Value) -> &mut Value {
    &mut pod["spec"]["containers"][0]
}

/// The security context of the container of a pod of ours.
pub(crate) fn context(pod: &mut Value) -> &mut Value {
    &mut container(pod)["securityContext"]
}

/// Takes a field away.
pub(crate) fn remove(object: &mut Value, field: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(field);
    }
}

/// The compliant pod, changed.
pub(crate) fn changed_pod(change: fn(&mut Value)) -> Value {
    let mut pod = compliant_pod();
    change(&mut pod);
    pod
}

/// A dry run in a namespace by the caller: `resource` is a path behind the namespace's, as `pods`.
pub(crate) fn dry_run(namespace: &str, api: &str, resource: &str, object: &Value) -> Request {
    Request::dry_run(&format!("{api}/namespaces/{}/{resource}", encode(namespace)), object)
        .by(Identity::Caller)
}

/// A dry run of a pod.
pub(crate) fn dry_run_pod(namespace: &str, pod: &Value) -> Request {
    dry_run(namespace, "/api/v1", "pods", pod)
}

/// The same request by somebody else in the groups of the caller: who may do the same, and is not exempt by name. `None`
/// where nobody knows who the caller is.
pub(crate) fn by_somebody_else(ground: &Ground<'_, '_>, request: Request) -> Option<Request> {
    let groups = ground.caller?.groups.clone();
    Some(request.by(Identity::Impersonated { user: "seaworthy:probe".to_owned(), groups }))
}

/// What a verdict about a namespace names.
pub(crate) fn namespace_subject(name: &str) -> Subject {
    Subject::new("Namespace", None, name)
}

/// Tries something in each namespace of people: not in those of the system, where components of the platform need what
/// controls forbid. `needs_account` leaves out those in which no pod is judged.
pub(crate) fn each_namespace(
    ground: &Ground<'_, '_>,
    needs_account: bool,
    attempt: impl Fn(&str) -> Attempt,
) -> Vec<Attempt> {
    if let Some(refused) = unknown_namespaces(ground) {
        return vec![refused];
    }
    let parameters = &ground.settings.parameters;
    let mut names: Vec<&str> =
        ground.namespaces().filter(|name| !parameters.is_system_namespace(name)).collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(MOST);
    let mut attempts: Vec<Attempt> = Vec::new();
    for name in names.into_iter().take(MOST) {
        attempts.push(match needs_account && lacks_account(ground, name) {
            true => Attempt::cannot(
                namespace_subject(name),
                "it has no ServiceAccount `default`, without which nothing judges a pod",
                "the ServiceAccount `default` of the namespace",
            ),
            false => attempt(name),
        });
    }
    if more > 0 {
        attempts.push(Attempt::cannot(
            Subject::cluster("other namespaces"),
            format!("{more} more namespaces are not tried: the first {MOST} by name are"),
            "`--namespace` with the names of those",
        ));
    }
    attempts
}

/// What cannot be tried when nobody knows the namespaces.
pub(crate) fn unknown_namespaces(ground: &Ground<'_, '_>) -> Option<Attempt> {
    let known = ground.evidence.known("", "Namespace", None);
    let none = ground.namespaces().next().is_none();
    (none && known != Known::All).then(|| {
        Attempt::cannot(
            Subject::cluster("namespaces"),
            "the namespaces of the cluster are not known",
            "the right to list namespaces",
        )
    })
}

/// Whether a namespace surely has no ServiceAccount `default`. The API server waits a second for it with each pod.
pub(crate) fn lacks_account(ground: &Ground<'_, '_>, namespace: &str) -> bool {
    let evidence = ground.evidence;
    let mut accounts = evidence.of_kind("ServiceAccount").filter(|object| object.is("", "ServiceAccount"));
    evidence
        .collection()
        .map_or(Known::NotAsked, |known: &Collection<'_>| known.known("", "ServiceAccount", Some(namespace)))
        == Known::All
        && !accounts.any(|account| account.namespace == Some(namespace) && account.name == "default")
}

/// A namespace in which a pod is most likely let in: of people rather than of the system, without a quota of no pods.
pub(crate) fn namespace_for_pods<'a>(ground: &Ground<'_, 'a>) -> Option<&'a str> {
    let parameters = &ground.settings.parameters;
    let full = |name: &str| {
        ground.evidence.of_kind("ResourceQuota").any(|quota| {
            let pods = quota.value.at(&["spec", "hard", "pods"]);
            quota.namespace == Some(name) && pods.is_some_and(|pods| pods.text() == "0")
        })
    };
    ground
        .namespaces()
        .filter(|name| !lacks_account(ground, name))
        .min_by_key(|name| (full(name), parameters.is_system_namespace(name), *name))
}

/// What cannot be tried without a namespace in which pods may be.
pub(crate) fn no_namespace_for_pods(subject: Subject) -> Attempt {
    Attempt::cannot(
        subject,
        "no namespace is known in which a pod could be let in",
        "the right to list namespaces, and a namespace with a ServiceAccount `default`",
    )
}

/// Whether something puts `Always` in the place of `imagePullPolicy: IfNotPresent`.
pub(crate) fn pulled(subject: Subject, namespace: &str) -> Attempt {
    let cached = changed_pod(|pod| container(pod)["imagePullPolicy"] = "IfNotPresent".into());
    let steps = vec![
        Step::control("compliant", dry_run_pod(namespace, &compliant_pod()), admitted),
        Step::ask("cached", dry_run_pod(namespace, &cached)),
    ];
    let is_plugin = subject.kind == "AdmissionPlugin";
    Attempt::new(subject, steps, move |answers| match said_of(answers, "cached") {
        Said::Admitted(pod) => {
            match pod.pointer("/spec/containers/0/imagePullPolicy").and_then(Value::as_str) {
                Some("Always") => Outcome::proved("cached", "`Always` is put in the place of `IfNotPresent`"),
                Some("IfNotPresent") => Outcome::refuted(
                    "cached",
                    "`IfNotPresent` stays: a pod may use an image that another one brought",
                ),
                _ => answers.inconclusive("cached"),
            }
        }
        Said::Policy(who) if !is_plugin => Outcome::proved(
            "cached",
            format!("{who} refuses a pod that may use an image that another one brought"),
        ),
        Said::Quota(_) => {
            Outcome::inconclusive("cached", "a quota that is used up refuses it before the answer tells")
                .needs("room in the ResourceQuota of the namespace")
        }
        _ => answers.inconclusive("cached"),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::Reply;

    use super::*;

    fn answer(status: u16, message: &str) -> Answer {
        let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message});
        let reply = Reply::Http {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
            cut: false,
            tls: None,
        };
        Answer { at: String::new(), took: Duration::ZERO, reply }
    }

    /// As v1.36.3 words them.
    #[test]
    fn refusals_are_told_apart_by_their_words() {
        let of = |status, message: &str| said(&answer(status, message));
        let pod = "pods \"p\" is forbidden: ";
        assert_eq!(
            of(
                403,
                &format!(
                    "{pod}violates PodSecurity \"restricted:latest\": privileged (container \"p\" must not)"
                )
            ),
            Said::PodSecurity("\"restricted:latest\": privileged (container \"p\" must not)".to_owned())
        );
        assert_eq!(
            of(
                422,
                &format!(
                    "{pod}ValidatingAdmissionPolicy 'a' with binding 'b' denied request: failed expression: x"
                )
            ),
            Said::Policy(Refuser::Expressions("a".to_owned()))
        );
        assert!(matches!(
            of(403, &format!("{pod}exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0")),
            Said::Quota(_)
        ));
        assert!(matches!(of(422, "Pod \"p\" is invalid: spec: Required value"), Said::Invalid(_)));
        for (status, message) in [
            (
                403,
                "pods is forbidden: User \"nobody\" cannot create resource \"pods\" in API group \"\" in the namespace \"shop\"",
            ),
            (
                403,
                "pods \"p\" is forbidden: error looking up service account shop/default: serviceaccount \"default\" not found",
            ),
            (
                403,
                "users \"x\" is forbidden: User \"y\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope",
            ),
            (
                500,
                "Internal error occurred: failed calling webhook \"a\": no endpoints available for service \"a\"",
            ),
            (400, "admission webhook \"a\" does not support dry run"),
            (429, "exceeded"),
        ] {
            assert_eq!(of(status, message), Said::Else, "{message}");
        }
    }

    /// Whoever writes a webhook chooses its words.
    #[test]
    fn a_webhook_cannot_speak_for_others() {
        for claim in [
            "pods \"p\" is forbidden: violates PodSecurity \"restricted:latest\": privileged (x)",
            "ValidatingAdmissionPolicy 'a' with binding 'b' denied request: x",
            "pods \"p\" is forbidden: exceeded quota: q",
        ] {
            let message = format!("admission webhook \"w\" denied the request: {claim}");
            assert_eq!(
                said(&answer(403, &message)),
                Said::Policy(Refuser::Webhook("w".to_owned())),
                "{claim}"
            );
        }
    }
}
