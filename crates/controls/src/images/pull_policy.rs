//! `images/pull-policy`; prose and cases in `pull_policy.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "images/pull-policy",
    title: "Cached images cannot be used without pull rights",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::IMAGE_REFERENCE,
    page: include_str!("pull_policy.md"),
    mappings: Mappings {
        cis: &["1.2.11"],
        nsa: &["images"],
        attack: &["MS-TA9037", "T1525"],
        kubescape: &["C-0075"],
        checkov: &["CKV_K8S_15"],
        polaris: &["pullPolicyNotAlways"],
        kube_score: &["container-image-pull-policy"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
