//! `service-accounts/legacy-tokens`; prose and cases in `legacy_tokens.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "service-accounts/legacy-tokens",
    title: "No long-lived service account token Secrets exist",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::TOKENS,
    page: include_str!("legacy_tokens.md"),
    mappings: Mappings {
        nsa: &["sa-token"],
        attack: &["MS-TA9016", "T1528", "T1552"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
