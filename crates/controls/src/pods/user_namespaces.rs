//! `pods/user-namespaces`; prose and cases in `user_namespaces.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "pods/user-namespaces",
    title: "Untrusted workloads run in their own user namespace",
    phase: Phase::Research,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::ISOLATION,
    page: include_str!("user_namespaces.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
