//! `secrets/as-files`; prose and cases in `as_files.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "secrets/as-files",
    title: "Secrets reach containers as files, not environment variables",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECRET_DELIVERY,
    page: include_str!("as_files.md"),
    mappings: Mappings {
        cis: &["5.4.1"],
        nsa: &["secrets"],
        attack: &["MS-TA9027", "T1552.007"],
        kubescape: &["C-0207", "C-0255"],
        checkov: &["CKV_K8S_35"],
        kube_linter: &["read-secret-from-env-var"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
