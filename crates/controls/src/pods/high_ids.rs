//! `pods/high-ids`; prose and cases in `high_ids.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "pods/high-ids",
    title: "Containers run with user and group ids above the host's range",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("high_ids.md"),
    mappings: Mappings {
        cis: &["5.2.7"],
        nsa: &["nonroot"],
        attack: &["T1611"],
        kubescape: &["C-0013"],
        trivy: &["KSV-0020", "KSV-0021", "KSV-0116"],
        checkov: &["CKV_K8S_40"],
        kube_score: &["container-security-context-user-group-id"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
