//! `images/non-root-user`; prose and cases in `non_root_user.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "images/non-root-user",
    title: "Images declare an unprivileged user",
    phase: Phase::QuickWin,
    step: 7,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::IMAGE_CONTENT,
    page: include_str!("non_root_user.md"),
    mappings: Mappings {
        cis: &["5.2.7"],
        nsa: &["nonroot"],
        attack: &["T1611"],
        kubescape: &["C-0013"],
        ..Mappings::NONE
    },
    check: Check::ImageContent { needs: "the image's configuration, read from its registry" },
    guard: None,
    probes: &[],
};
