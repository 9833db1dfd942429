//! `images/vulnerabilities`; prose and cases in `vulnerabilities.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "images/vulnerabilities",
    title: "Images carry no known critical or fixable vulnerability",
    phase: Phase::QuickWin,
    step: 7,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::IMAGE_CONTENT,
    page: include_str!("vulnerabilities.md"),
    mappings: Mappings {
        nsa: &["images"],
        attack: &["MS-TA9002", "MS-TA9004", "T1190", "T1525"],
        kubescape: &["C-0083", "C-0084", "C-0085", "C-0221", "C-0222", "C-0223"],
        ..Mappings::NONE
    },
    check: Check::ImageContent { needs: "the packages in the image and a current advisory database" },
    guard: None,
    probes: &[],
};
