//! `secrets/external-store`; prose and cases in `external_store.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "secrets/external-store",
    title: "Secrets come from an external store through the CSI driver",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECRET_STORE,
    page: include_str!("external_store.md"),
    mappings: Mappings {
        cis: &["5.4.2"],
        nsa: &["secrets"],
        attack: &["MS-TA9025", "T1552"],
        kubescape: &["C-0208", "C-0234"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
