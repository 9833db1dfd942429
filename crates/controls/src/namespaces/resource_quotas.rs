//! `namespaces/resource-quotas`; prose and cases in `resource_quotas.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Step};
use serde_json::json;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::namespaces::undecided;
use crate::probe::admission::{self, Said, said_of};
use crate::probe::{Ground, Probe, pod_security};
use crate::scope::NamespaceScope;
use crate::verdict::{Fault, Verdict};

/// What a quota must bound: the word for people, and the keys of which any one does it.
const NEEDED: &[(&str, &[&str])] = &[
    ("cpu", &["cpu", "requests.cpu", "limits.cpu"]),
    ("memory", &["memory", "requests.memory", "limits.memory"]),
    ("pods", &["pods", "count/pods"]),
];

/// What a quota should bound as well.
const WANTED: &[(&str, &[&str])] = &[
    ("storage", &["requests.storage", "persistentvolumeclaims", "count/persistentvolumeclaims"]),
    ("load balancers", &["services.loadbalancers", "services", "count/services"]),
    ("node ports", &["services.nodeports", "services", "count/services"]),
];

pub(super) static CONTROL: Control = Control {
    id: "namespaces/resource-quotas",
    title: "Each tenant namespace has a ResourceQuota and a LimitRange",
    phase: Phase::QuickWin,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::NAMESPACE_KIT,
    page: include_str!("resource_quotas.md"),
    mappings: Mappings {
        nsa: &["resources"],
        attack: &["MS-TA9039", "MS-TA9040", "T1496", "T1499"],
        kubescape: &["C-0009", "C-0050"],
        trivy: &["KSV-0040", "KSV-0039"],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Namespace(check), Check::Reads(closed_world::BOUNDS)]),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller dry-runs in each namespace of people a pod that asks for 100000 CPUs and a pebibyte of memory, and one of a \
           hundred containers with one CPU each",
    proved_by: "403 `exceeded quota` that names CPU or memory",
    refuted_by: "201",
    not_fooled_by: "a quota of something else that is used up, and a LimitRange, which bounds one container and not all together: \
                    told by their words",
    positive_control: "the same pod with small demands is let in by the same caller in the same namespace, or stopped by nothing \
                       but a quota",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[pod_security::PODS],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let used = |namespace: &str| {
        namespace != "default"
            || ground
                .evidence
                .workloads()
                .iter()
                .any(|workload| ground.evidence.owner(workload).namespace == Some(namespace))
    };
    let bounded = |namespace: &str| {
        let quotas = ground.evidence.in_namespace("ResourceQuota", Some(namespace));
        let quotas: Vec<Value<'_>> = quotas.map(|quota| quota.value).collect();
        NEEDED.iter().take(2).any(|(_, keys)| quotas.iter().any(|quota| bounds(quota, keys)))
    };
    let mut attempts = admission::each_namespace(ground, true, |namespace| {
        let huge = admission::changed_pod(|pod| {
            let huge = json!({"cpu": "100000", "memory": "1Pi", "ephemeral-storage": "16Mi"});
            admission::container(pod)["resources"] = json!({"requests": huge, "limits": huge});
        });
        // A LimitRange bounds each container, and lets many pass that are small.
        let many = admission::changed_pod(|pod| {
            let large = json!({"cpu": "1", "memory": "1Gi", "ephemeral-storage": "16Mi"});
            admission::container(pod)["resources"] = json!({"requests": large, "limits": large});
            let container = admission::container(pod).clone();
            let of_number = |number: usize| {
                let mut container = container.clone();
                container["name"] = format!("probe-{number}").into();
                container
            };
            pod["spec"]["containers"] = (0..100).map(of_number).collect();
        });
        let twin = admission::dry_run_pod(namespace, &admission::compliant_pod());
        let steps = vec![
            Step::control("small", twin, admission::admitted),
            Step::ask("huge", admission::dry_run_pod(namespace, &huge)),
            Step::ask("many", admission::dry_run_pod(namespace, &many)),
        ];
        let bounded = bounded(namespace);
        Attempt::new(admission::namespace_subject(namespace), steps, move |answers| {
            for step in ["huge", "many"] {
                match said_of(answers, step) {
                    Said::Quota(message) if message.contains("exceeded quota") && exceeds(&message) => {
                        return Outcome::proved(step, "a quota refuses a pod that asks for too much");
                    }
                    Said::Quota(_) => {
                        return Outcome::inconclusive(step, "a quota of something else refuses it")
                            .needs("room in the ResourceQuota of the namespace");
                    }
                    _ => {}
                }
            }
            match (said_of(answers, "huge"), said_of(answers, "many")) {
                (Said::Admitted(_), _) => Outcome::refuted(
                    "huge",
                    "a pod that asks for 100000 CPUs and a pebibyte of memory is let in",
                ),
                (_, Said::Admitted(_)) if !bounded => {
                    Outcome::refuted("many", "each container is bounded, and a hundred of them are let in")
                }
                (_, Said::Admitted(_)) => {
                    Outcome::inconclusive("many", "there is a quota, and it has room for what is tried")
                }
                _ => answers.inconclusive("many"),
            }
        })
    });
    attempts.retain(|attempt| attempt.subject().kind != "Namespace" || used(&attempt.subject().name));
    attempts
}

/// Whether what was asked for beyond a quota is CPU or memory, rather than the mere number of pods.
fn exceeds(message: &str) -> bool {
    let requested =
        message.split("requested: ").nth(1).and_then(|rest| rest.split(", used:").next()).unwrap_or_default();
    requested.contains("cpu=") || requested.contains("memory=")
}

fn check<'a>(scope: &NamespaceScope<'_, 'a>) -> Verdict<'a> {
    let Some(name) = scope.name else { return undecided::left_open() };
    // Nobody is meant to use `default`: as long as nobody does, there is nothing to bound.
    if scope.is_system() || name == "default" && undecided::is_empty(scope) {
        return Verdict::NotApplicable;
    }
    let quotas: Vec<Value<'a>> = scope.objects_of_kind("ResourceQuota").map(|quota| quota.value).collect();
    let limits: Vec<Value<'a>> = scope.objects_of_kind("LimitRange").map(|limits| limits.value).collect();
    let all = ["ResourceQuota", "LimitRange"].iter().all(|kind| scope.around.has_all("", kind, scope.name));
    if scope.object.is_none() && quotas.is_empty() && limits.is_empty() && !all {
        return undecided::undeclared();
    }
    let Some(anchor) = scope.anchor() else { return Verdict::NotApplicable };
    let place = Place::at(anchor.value.at(&["metadata", "name"]).unwrap_or(anchor.value));
    let mut faults = Vec::new();
    let missing = |list: &[(&'static str, &[&str])]| -> Vec<&'static str> {
        list.iter()
            .filter(|(_, keys)| !quotas.iter().any(|quota| bounds(quota, keys)))
            .map(|(word, _)| *word)
            .collect()
    };
    let (needed, wanted) = (missing(NEEDED), missing(WANTED));
    if quotas.is_empty() {
        faults.push(Fault::new(place, "no ResourceQuota bounds what its pods may use together"));
    } else if !needed.is_empty() {
        faults.push(Fault::new(place, format!("its ResourceQuota does not bound {}", needed.join(", "))));
    } else if !wanted.is_empty() {
        let message = format!("its ResourceQuota does not bound {}", wanted.join(", "));
        faults.push(Fault::new(place, message).graded(Severity::Low));
    }
    if !limits.iter().any(sets_defaults) {
        let message = match limits.is_empty() {
            true => "no LimitRange gives containers a limit where they name none",
            false => "its LimitRange has no default limits of cpu and memory for containers",
        };
        faults.push(Fault::new(place, message));
    }
    Verdict::of(faults)
}

/// Whether a quota bounds one of some keys for all pods: one with scopes counts only some of them.
fn bounds(quota: &Value<'_>, keys: &[&str]) -> bool {
    let all = ["scopes", "scopeSelector"].iter().all(|field| quota.at(&["spec", field]).is_none());
    let hard = quota.at(&["spec", "hard"]);
    all && hard.is_some_and(|hard| keys.iter().any(|key| hard.get(key).is_some()))
}

/// Whether containers without limits get some. A `max` is a default as well.
fn sets_defaults(range: &Value<'_>) -> bool {
    let items = range.at(&["spec", "limits"]).into_iter().flat_map(|limits| limits.items());
    let of_containers: Vec<_> =
        items.filter(|item| item.get("type").is_some_and(|kind| kind.text() == "Container")).collect();
    ["cpu", "memory"].iter().all(|resource| {
        of_containers
            .iter()
            .any(|item| ["default", "max"].iter().any(|field| item.at(&[field, resource]).is_some()))
    })
}
