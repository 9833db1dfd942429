//! `images/signature-verified`; prose and cases in `signature_verified.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "images/signature-verified",
    title: "Images have a valid signature from an expected identity",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::IMAGE_CONTENT,
    page: include_str!("signature_verified.md"),
    mappings: Mappings {
        cis: &["5.5.1"],
        nsa: &["images"],
        attack: &["MS-TA9002", "T1195.002"],
        kubescape: &["C-0236", "C-0237"],
        ..Mappings::NONE
    },
    check: Check::ImageContent {
        needs: "the image's signatures, read from its registry, and the identities that may sign",
    },
    guard: None,
    probes: &[],
};
