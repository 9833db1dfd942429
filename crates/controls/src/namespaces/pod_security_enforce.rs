//! `namespaces/pod-security-enforce`; prose and cases in `pod_security_enforce.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "namespaces/pod-security-enforce",
    title: "Each namespace enforces a Pod Security level",
    phase: Phase::NextStep,
    step: 6,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::NAMESPACE_LABELS,
    page: include_str!("pod_security_enforce.md"),
    mappings: Mappings {
        cis: &["5.2.1"],
        nsa: &["psa"],
        attack: &["MS-TA9018", "T1610"],
        kubescape: &["C-0192"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
