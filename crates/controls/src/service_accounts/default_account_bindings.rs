//! `service-accounts/default-account-bindings`; prose and cases in `default_account_bindings.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "service-accounts/default-account-bindings",
    title: "Default service accounts hold no rights",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::BINDINGS,
    page: include_str!("default_account_bindings.md"),
    mappings: Mappings {
        cis: &["5.1.5"],
        nsa: &["rbac"],
        attack: &["MS-TA9016", "T1078.001"],
        kubescape: &["C-0053"],
        checkov: &["CKV_K8S_42"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
