//! `service-accounts/automount-token`; prose and cases in `automount_token.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "service-accounts/automount-token",
    title: "API tokens are mounted only where the pod needs the API",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SERVICE_ACCOUNT,
    page: include_str!("automount_token.md"),
    mappings: Mappings {
        cis: &["5.1.5", "5.1.6"],
        nsa: &["sa-token"],
        attack: &["MS-TA9016", "T1528"],
        kubescape: &["C-0034", "C-0190", "C-0261"],
        trivy: &["KSV-0036"],
        checkov: &["CKV_K8S_38"],
        polaris: &["automountServiceAccountToken"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
