//! `namespaces/pod-security-staging`; prose and cases in `pod_security_staging.md`.

use seaworthy_evidence::Place;
use seaworthy_podsecurity::{Level, NamespacePolicy};
use seaworthy_probe::{Answer, Attempt, Consent, Outcome, SideEffect, Step};
use serde_json::{Value, json};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::namespaces::{labels, undecided};
use crate::probe::admission;
use crate::probe::{Ground, Probe, Right, pod_security};
use crate::scope::NamespaceScope;
use crate::verdict::{Fault, Verdict};

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
const AUDIT: &str = "pod-security.kubernetes.io/audit";
const WARN: &str = "pod-security.kubernetes.io/warn";

pub(super) static CONTROL: Control = Control {
    id: "namespaces/pod-security-staging",
    title: "Labels for warn and audit announce the next level",
    phase: Phase::NextStep,
    step: 4,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::NAMESPACE_LABELS,
    page: include_str!("pod_security_staging.md"),
    mappings: Mappings { cis: &["5.2.1"], nsa: &["psa"], attack: &["T1562"], ..Mappings::NONE },
    check: Check::Namespace(check),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller dry-runs in each namespace of people a Deployment whose pods break the level that the namespace should warn \
           of: `baseline`, or `restricted` where that is enforced",
    proved_by: "201 with a warning `would violate PodSecurity`",
    refuted_by: "201 without one",
    not_fooled_by: "warnings about something else, told by their words: a Deployment that meets the level brings none of Pod \
                    Security. Without a `warn` label the enforced level warns, and so only a lower label turns it off. The \
                    `audit` label leaves no trace that a client sees",
    positive_control: "a Deployment that meets every demand is let in by the same caller without a warning of Pod Security",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "apps", resource: "deployments", verbs: &["create"] }],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    admission::each_namespace(ground, false, |namespace| {
        let label = pod_security::label(ground, namespace);
        let wanted = label.map_or(Level::Baseline, |label| label.enforce.level.max(Level::Baseline));
        let breaks: fn(&mut Value) = match wanted {
            Level::Restricted => |pod| admission::remove(admission::context(pod), "capabilities"),
            _ => |pod| pod["spec"]["hostNetwork"] = true.into(),
        };
        let dry_run = |pod| admission::dry_run(namespace, "/apis/apps/v1", "deployments", &deployment(pod));
        let steps = vec![
            Step::control("compliant", dry_run(admission::compliant_pod()), quiet),
            Step::ask("violating", dry_run(admission::changed_pod(breaks))),
        ];
        Attempt::new(admission::namespace_subject(namespace), steps, move |answers| {
            match answers.get("violating") {
                Some(answer) if answer.status() == Some(201) => match warns(answer) {
                    true => Outcome::proved(
                        "violating",
                        format!("a workload that breaks `{wanted}` brings a warning"),
                    ),
                    false => Outcome::refuted(
                        "violating",
                        format!("a workload that breaks `{wanted}` is let in without a warning"),
                    ),
                },
                _ => answers.inconclusive("violating"),
            }
        })
    })
}

/// A Deployment with the pod as its template, and no replicas.
fn deployment(pod: Value) -> Value {
    let mut spec = pod["spec"].clone();
    spec["restartPolicy"] = "Always".into();
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"generateName": "seaworthy-probe-"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app.kubernetes.io/name": "seaworthy-probe"}},
            "template": {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": spec},
        },
    })
}

/// Whether Pod Security warns.
fn warns(answer: &Answer) -> bool {
    answer.headers("warning").any(|warning| warning.contains("would violate PodSecurity"))
}

fn quiet(answer: &Answer) -> Result<(), String> {
    match answer.status() {
        Some(201) if !warns(answer) => Ok(()),
        Some(201) => Err("Pod Security warns of what breaks no demand".to_owned()),
        _ => Err(answer.summary()),
    }
}

fn check<'a>(scope: &NamespaceScope<'_, 'a>) -> Verdict<'a> {
    let namespace = match (scope.name, scope.object) {
        (None, _) => return undecided::left_open(),
        (_, None) => return undecided::undeclared(),
        (_, Some(namespace)) => namespace,
    };
    if undecided::is_empty(scope) && scope.is_system() {
        return Verdict::NotApplicable;
    }
    let metadata = namespace.metadata().unwrap_or(namespace.value);
    let (policy, invalid) = NamespacePolicy::from_labels(metadata);
    let of_staging = invalid.iter().filter(|label| !label.key.starts_with(ENFORCE));
    let mut faults: Vec<Fault<'a>> = of_staging.map(labels::invalid).collect();
    let is_invalid = |key: &str| invalid.iter().any(|label| label.key == key);
    // A namespace that enforces nothing yet must at least announce the first level that refuses anything.
    let wanted = policy.enforce.level.max(Level::Baseline);
    let modes = [
        (WARN, policy.warn.level, "labels[pod-security.kubernetes.io/warn]"),
        (AUDIT, policy.audit.level, "labels[pod-security.kubernetes.io/audit]"),
    ];
    for (key, level, path) in modes {
        if level >= wanted || is_invalid(key) {
            continue;
        }
        let mode = key.rsplit('/').next().unwrap_or(key);
        faults.push(match metadata.at(&["labels", key]) {
            Some(label) => Fault::new(Place::at(label), format!("`{mode}: {level}` is below `{wanted}`")),
            None => Fault::new(
                Place::missing(metadata, path),
                format!("`{mode}` is not set: nothing is said of what `{wanted}` refuses"),
            ),
        });
    }
    Verdict::of(faults)
}
