//! `namespaces/resource-quotas`; prose and cases in `resource_quotas.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

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
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
