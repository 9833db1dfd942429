//! `secrets/memory-backed`; prose and cases in `memory_backed.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "secrets/memory-backed",
    title: "Secret material written by pods lies in memory",
    phase: Phase::QuickWin,
    step: 6,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECRET_DELIVERY,
    page: include_str!("memory_backed.md"),
    mappings: Mappings {
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
