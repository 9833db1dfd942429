//! `namespaces/team-boundaries`; prose and cases in `team_boundaries.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "namespaces/team-boundaries",
    title: "Each team or application has its own namespace",
    phase: Phase::QuickWin,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::OWNERSHIP,
    page: include_str!("team_boundaries.md"),
    mappings: Mappings {
        cis: &["5.6.1"],
        nsa: &["tenancy"],
        attack: &["T1078"],
        kubescape: &["C-0209"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
