//! Probes of policies and webhooks: objects of which most policies refuse something are dry-run, and whoever refuses one is known
//! by its name. What a policy is about, nobody can tell by reading it; that one refuses nothing here proves nothing.

use seaworthy_document::Value as Node;
use seaworthy_evidence::Object;
use seaworthy_probe::{Answer, Answers, Attempt, Identity, Outcome, Request, Step, Subject, encode, expect};
use serde_json::{Value, json};

use super::webhooks::{self, Webhook};
use crate::probe::admission::{Refuser, Said, said_of};
use crate::probe::{Ground, admission};

const GROUP: &str = "admissionregistration.k8s.io";

/// Policies, and webhook configurations, that are tried.
const MOST: usize = 40;

/// Bindings of a policy, and webhooks of a configuration, that are read.
const MOST_PARTS: usize = 6;

/// Names of steps for bindings and for backends.
const PARTS: [&str; MOST_PARTS] = ["part-1", "part-2", "part-3", "part-4", "part-5", "part-6"];

/// Names of the objects that break many rules.
const OBJECTS: [&str; 5] = ["sloppy-pod", "open-pod", "sloppy-deployment", "open-service", "bare-namespace"];

/// Objects that break many rules, dry-run in one namespace.
fn objects(namespace: &str) -> Vec<Step> {
    // Pod Security, which is asked before policies, admits this one at any level.
    let sloppy = admission::changed_pod(|pod| {
        admission::remove(&mut pod["metadata"], "labels");
        admission::remove(&mut pod["spec"], "automountServiceAccountToken");
        pod["spec"]["hostAliases"] = json!([{"ip": "192.0.2.1", "hostnames": ["probe.invalid"]}]);
        pod["spec"]["shareProcessNamespace"] = true.into();
        let container = admission::container(pod);
        admission::remove(container, "resources");
        container["image"] = "registry.invalid/seaworthy/probe:latest".into();
        container["imagePullPolicy"] = "IfNotPresent".into();
        container["env"] = json!([{"name": "PASSWORD", "value": "not-a-password"}]);
        admission::remove(&mut container["securityContext"], "readOnlyRootFilesystem");
    });
    let mut open = sloppy.clone();
    open["spec"]["hostNetwork"] = true.into();
    open["spec"]["hostPID"] = true.into();
    open["spec"]["volumes"] = json!([{"name": "host", "hostPath": {"path": "/"}}]);
    open["spec"]["securityContext"] = json!({"runAsUser": 0});
    admission::container(&mut open)["securityContext"] = json!({"privileged": true});
    let mut template = sloppy.clone();
    template["metadata"] = json!({"labels": {"probe": "seaworthy"}});
    template["spec"]["restartPolicy"] = "Always".into();
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"generateName": "seaworthy-probe-"},
        "spec": {
            "replicas": 1000,
            "selector": {"matchLabels": {"probe": "seaworthy"}},
            "template": {"metadata": template["metadata"], "spec": template["spec"]},
        },
    });
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"generateName": "seaworthy-probe-"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 22}], "externalIPs": ["198.51.100.7"]},
    });
    let bare =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "seaworthy-probe-"}});
    let requests = [
        admission::dry_run_pod(namespace, &sloppy),
        admission::dry_run_pod(namespace, &open),
        admission::dry_run(namespace, "/apis/apps/v1", "deployments", &deployment),
        admission::dry_run(namespace, "/api/v1", "services", &service),
        Request::dry_run("/api/v1/namespaces", &bare).by(Identity::Caller),
    ];
    OBJECTS.iter().zip(requests).map(|(name, request)| Step::ask(name, request)).collect()
}

/// The path of an object that stands in no namespace.
fn path(kind: &str, name: &str) -> Request {
    Request::get(format!("/apis/{GROUP}/v1/{kind}/{}", encode(name))).by(Identity::Caller)
}

/// The object that a policy or webhook refuses, which is called by its name: its step.
fn denied_by(answers: &Answers, who: &Refuser) -> Option<&'static str> {
    OBJECTS.into_iter().find(|step| matches!(said_of(answers, step), Said::Policy(denied) if denied == *who))
}

/// The refusal that holds some words: its step.
fn refused_by(answers: &Answers, who: &str) -> Option<&'static str> {
    OBJECTS.into_iter().find(|step| answers.message(step).contains(who))
}

/// Tries each ValidatingAdmissionPolicy.
pub(super) fn policies(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let of_kind =
        |kind: &'static str| ground.evidence.of_kind(kind).filter(move |object| object.is(GROUP, kind));
    let mut attempts = Vec::new();
    for policy in of_kind("ValidatingAdmissionPolicy").take(MOST) {
        let subject = Subject::new("ValidatingAdmissionPolicy", None, policy.name);
        let bindings = of_kind("ValidatingAdmissionPolicyBinding").filter(|binding| {
            binding.value.at(&["spec", "policyName"]).is_some_and(|name| name.text() == policy.name)
        });
        let bindings: Vec<&str> = bindings.map(|binding| binding.name).collect();
        attempts.push(one_policy(ground, subject, policy.name, &bindings));
    }
    attempts.extend(more(of_kind("ValidatingAdmissionPolicy").count(), "other policies"));
    attempts
}

fn one_policy(ground: &Ground<'_, '_>, subject: Subject, name: &str, bindings: &[&str]) -> Attempt {
    let mut steps = vec![Step::control("policy", path("validatingadmissionpolicies", name), expect::ok)];
    for (step, binding) in PARTS.iter().zip(bindings) {
        steps.push(Step::ask(step, path("validatingadmissionpolicybindings", binding)));
    }
    let asked = bindings.len().min(MOST_PARTS);
    let all = bindings.len() <= MOST_PARTS;
    if let Some(namespace) = admission::namespace_for_pods(ground) {
        steps.extend(objects(namespace));
    }
    let who = format!("ValidatingAdmissionPolicy '{name}' with binding '");
    let called = Refuser::Expressions(name.to_owned());
    Attempt::new(subject, steps, move |answers| {
        let ignores = answers.get("policy").and_then(Answer::json).is_some_and(|policy| {
            policy.pointer("/spec/failurePolicy").is_some_and(|policy| policy == "Ignore")
        });
        if let Some(step) = denied_by(answers, &called) {
            return match ignores {
                true => Outcome::inconclusive(
                    step,
                    "it refuses what it can judge, and lets in what it cannot: `failurePolicy: Ignore`",
                )
                .needs("`failurePolicy: Fail`"),
                false => Outcome::proved(step, "it refuses an object of ours, by its name"),
            };
        }
        // Who is warned is not refused.
        for step in OBJECTS {
            let warned = answers
                .get(step)
                .filter(|answer| answer.status() == Some(201))
                .is_some_and(|answer| answer.headers("warning").any(|warning| warning.contains(&who)));
            if warned {
                return Outcome::refuted(step, "it warns of an object that it finds wrong, and lets it in");
            }
        }
        if asked == 0 {
            return Outcome::refuted("policy", "no binding puts it into effect");
        }
        let mut denies = !all;
        for step in PARTS.into_iter().take(asked) {
            let Some(binding) =
                answers.get(step).filter(|answer| answer.status() == Some(200)).and_then(Answer::json)
            else {
                return answers.inconclusive(step);
            };
            let actions = binding.pointer("/spec/validationActions").and_then(Value::as_array).cloned();
            denies |= actions.unwrap_or_default().iter().any(|action| action == "Deny");
        }
        match denies {
            false => Outcome::refuted("part-1", "no binding of it denies: violations are let in"),
            true => Outcome::inconclusive(
                "policy",
                "it refuses none of the objects that are tried, and what it is about cannot be told",
            )
            .needs("an object that it must refuse"),
        }
    })
}

/// Tries each webhook configuration.
pub(super) fn webhooks(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let kinds = [
        ("ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
        ("MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
    ];
    let mut attempts = Vec::new();
    for (kind, resource) in kinds {
        let objects = ground.evidence.of_kind(kind).filter(|object| object.is(GROUP, kind));
        let mut count = 0;
        for object in objects {
            count += 1;
            if count <= MOST && webhooks::of(object).next().is_some() {
                attempts.push(one_configuration(ground, object, resource));
            }
        }
        attempts.extend(more(
            count,
            if resource.starts_with('v') { "other validating webhooks" } else { "other mutating webhooks" },
        ));
    }
    attempts
}

/// A webhook of a configuration, as far as its probe needs it.
struct Part {
    name: String,
    closed: bool,
    step: Option<&'static str>,
}

fn one_configuration(ground: &Ground<'_, '_>, object: &Object<'_>, resource: &str) -> Attempt {
    let mut steps = vec![Step::control("configuration", path(resource, object.name), expect::ok)];
    let mut parts = Vec::new();
    for (step, webhook) in PARTS.iter().zip(webhooks::of(object)) {
        let backend = backend(&webhook);
        if let Some((namespace, service)) = backend {
            let path = format!(
                "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices?labelSelector={}",
                encode(namespace),
                encode(&format!("kubernetes.io/service-name={service}"))
            );
            steps.push(Step::ask(step, Request::get(path).by(Identity::Caller)));
        }
        parts.push(Part {
            name: webhook.name().to_owned(),
            closed: webhook.fails_closed(),
            step: backend.map(|_| *step),
        });
    }
    if let Some(namespace) = admission::namespace_for_pods(ground) {
        steps.extend(objects(namespace));
    }
    let subject = Subject::new(object.kind, None, object.name);
    Attempt::new(subject, steps, move |answers| {
        let mut proved = None;
        let mut open = None;
        for part in &parts {
            match judge_webhook(answers, part) {
                outcome if outcome.verdict == seaworthy_probe::Verdict::Refuted => return outcome,
                outcome if outcome.verdict == seaworthy_probe::Verdict::Proved => proved = Some(outcome),
                outcome => open = open.or(Some(outcome)),
            }
        }
        // All of a configuration, or nothing is proved.
        open.or(proved).unwrap_or_else(|| answers.inconclusive("configuration"))
    })
}

fn judge_webhook(answers: &Answers, part: &Part) -> Outcome {
    let name = &part.name;
    if let Some(step) = part.step
        && let Some(false) = answers.get(step).and_then(alive)
    {
        return match part.closed {
            false => Outcome::refuted(
                step,
                format!("nothing stands behind `{name}`, and `failurePolicy: Ignore` lets everything in"),
            ),
            true => Outcome::refuted(
                step,
                format!("nothing stands behind `{name}`: what it is asked about cannot be made"),
            ),
        };
    }
    if let Some(step) = denied_by(answers, &Refuser::Webhook(name.clone())) {
        return match part.closed {
            true => Outcome::proved(
                step,
                format!("`{name}` refuses an object of ours, and what it cannot judge is refused"),
            ),
            false => Outcome::refuted(
                step,
                format!(
                    "`{name}` refuses objects, and `failurePolicy: Ignore` lets everything in while it is away"
                ),
            ),
        };
    }
    if let Some(step) = refused_by(answers, &format!("admission webhook \"{name}\" does not support dry run"))
    {
        return Outcome::inconclusive(
            step,
            format!("`{name}` takes no dry runs: its `sideEffects` say that it does more than judge"),
        )
        .needs("`sideEffects: None` or `NoneOnDryRun`");
    }
    if let Some(step) = refused_by(answers, &format!("failed calling webhook \"{name}\"")) {
        return match part.closed {
            true => Outcome::refuted(
                step,
                format!("`{name}` does not answer: what it is asked about cannot be made"),
            ),
            false => answers.inconclusive(step),
        };
    }
    Outcome::inconclusive("configuration", format!("`{name}` refuses none of the objects that are tried"))
        .needs("an object that it must refuse")
}

/// The Service of a webhook.
fn backend<'a>(webhook: &Webhook<'a>) -> Option<(&'a str, &'a str)> {
    let service: Node<'a> = webhook.value.at(&["clientConfig", "service"])?;
    Some((service.get("namespace")?.as_str()?, service.get("name")?.as_str()?))
}

/// Whether a list of endpoint slices holds an endpoint that is ready; `None` when it is no such list.
fn alive(answer: &Answer) -> Option<bool> {
    let list = answer.json().filter(|_| answer.status() == Some(200))?;
    let slices = list.get("items")?.as_array()?.clone();
    Some(slices.iter().any(|slice| {
        let endpoints = slice.get("endpoints").and_then(Value::as_array);
        endpoints.into_iter().flatten().any(|endpoint| {
            // Not stated means ready (`EndpointConditions` of discovery.k8s.io/v1).
            endpoint.pointer("/conditions/ready").is_none_or(|ready| ready != false)
        })
    }))
}

fn more(count: usize, what: &str) -> Option<Attempt> {
    let more = count.checked_sub(MOST).filter(|more| *more > 0)?;
    let reason = format!("{more} more are not tried: the first {MOST} are");
    Some(Attempt::cannot(Subject::cluster(what), reason, "fewer of them"))
}
