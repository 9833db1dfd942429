//! `images/provenance-attested`; prose and cases in `provenance_attested.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "images/provenance-attested",
    title: "Images carry provenance and SBOM attestations",
    phase: Phase::Research,
    step: 6,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::IMAGE_CONTENT,
    page: include_str!("provenance_attested.md"),
    mappings: Mappings {
        cis: &["5.5.1"],
        nsa: &["images"],
        attack: &["MS-TA9002", "T1195.002"],
        kubescape: &["C-0304"],
        ..Mappings::NONE
    },
    check: Check::ImageContent {
        needs: "the image's attestations, read from its registry, and the builders and sources that are trusted",
    },
    guard: None,
    probes: &[],
};
