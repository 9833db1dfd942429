//! `secrets/file-mode`; prose and cases in `file_mode.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "secrets/file-mode",
    title: "Mounted secrets are readable by the application user only",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECRET_DELIVERY,
    page: include_str!("file_mode.md"),
    mappings: Mappings {
        cis: &["5.4.1"],
        nsa: &["secrets"],
        attack: &["T1552.001"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
