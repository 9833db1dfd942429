//! `namespaces/system-separation`; prose and cases in `system_separation.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "namespaces/system-separation",
    title: "Only system components run in system namespaces",
    phase: Phase::QuickWin,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::PLACEMENT,
    page: include_str!("system_separation.md"),
    mappings: Mappings {
        nsa: &["tenancy"],
        attack: &["MS-TA9023", "T1036.005"],
        trivy: &["KSV-0037"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
