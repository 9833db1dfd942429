//! `images/minimal-content`; prose and cases in `minimal_content.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "images/minimal-content",
    title: "Images hold only what the application needs",
    phase: Phase::QuickWin,
    step: 7,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Runtime],
    change: &change::IMAGE_CONTENT,
    page: include_str!("minimal_content.md"),
    mappings: Mappings { nsa: &["images"], attack: &["MS-TA9007", "T1059"], ..Mappings::NONE },
    check: Check::ImageContent { needs: "the files of the image, read from its registry or an archive" },
    guard: None,
    probes: &[],
};
