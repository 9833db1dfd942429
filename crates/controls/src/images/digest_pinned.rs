//! `images/digest-pinned`; prose and cases in `digest_pinned.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "images/digest-pinned",
    title: "Images are pinned by complete sha256 digest",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::IMAGE_REFERENCE,
    page: include_str!("digest_pinned.md"),
    mappings: Mappings {
        cis: &["5.5.1"],
        nsa: &["images"],
        attack: &["MS-TA9002", "T1525", "T1195.002"],
        kubescape: &["C-0306"],
        checkov: &["CKV_K8S_43"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
