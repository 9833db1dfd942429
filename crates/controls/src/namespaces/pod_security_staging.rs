//! `namespaces/pod-security-staging`; prose and cases in `pod_security_staging.md`.

use seaworthy_evidence::Place;
use seaworthy_podsecurity::{Level, NamespacePolicy};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::namespaces::{labels, undecided};
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
    probes: &[],
};

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
