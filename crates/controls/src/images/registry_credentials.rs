//! `images/registry-credentials`; prose and cases in `registry_credentials.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "images/registry-credentials",
    title: "Registry pull credentials are narrow and present where needed",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::REGISTRY_CREDENTIALS,
    page: include_str!("registry_credentials.md"),
    mappings: Mappings {
        nsa: &["images"],
        attack: &["MS-TA9037", "T1530", "T1552"],
        kubescape: &["C-0243", "C-0250", "C-0251", "C-0308"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
