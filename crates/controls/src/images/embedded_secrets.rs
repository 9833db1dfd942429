//! `images/embedded-secrets`; prose and cases in `embedded_secrets.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "images/embedded-secrets",
    title: "Images contain no credentials",
    phase: Phase::QuickWin,
    step: 7,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::IMAGE_CONTENT,
    page: include_str!("embedded_secrets.md"),
    mappings: Mappings {
        nsa: &["images"],
        attack: &["MS-TA9027", "T1552.001"],
        kubescape: &["C-0012"],
        ..Mappings::NONE
    },
    check: Check::ImageContent {
        needs: "the layers, history and environment of the image, read from its registry or an archive",
    },
    guard: None,
    probes: &[],
};
