//! `pods/host-aliases`; prose and cases in `host_aliases.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "pods/host-aliases",
    title: "Pods do not rewrite their hosts file",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::POD_FIELDS,
    page: include_str!("host_aliases.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["MS-TA9036", "T1565"],
        trivy: &["KSV-0007"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
