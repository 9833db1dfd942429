//! `service-accounts/default-account`; prose and cases in `default_account.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "service-accounts/default-account",
    title: "Workloads do not use the default service account",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SERVICE_ACCOUNT,
    page: include_str!("default_account.md"),
    mappings: Mappings {
        cis: &["5.1.5"],
        nsa: &["sa-token"],
        attack: &["MS-TA9016", "T1078.001"],
        kubescape: &["C-0189", "C-0294", "C-0307"],
        checkov: &["CKV_K8S_41"],
        kube_linter: &["default-service-account", "deprecated-service-account-field", "non-existent-service-account"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
