//! `secrets/in-repository`; prose and cases in `in_repository.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "secrets/in-repository",
    title: "Secret manifests with plain data are not kept in files",
    phase: Phase::QuickWin,
    step: 6,
    severity: Severity::High,
    scopes: &[Scope::Manifests],
    change: &change::CREDENTIALS,
    page: include_str!("in_repository.md"),
    mappings: Mappings {
        nsa: &["secrets"],
        attack: &["MS-TA9027", "T1552.001"],
        kubescape: &["C-0012"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
