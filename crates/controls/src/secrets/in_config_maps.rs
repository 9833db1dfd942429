//! `secrets/in-config-maps`; prose and cases in `in_config_maps.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "secrets/in-config-maps",
    title: "Credentials are kept in Secrets, not ConfigMaps",
    phase: Phase::QuickWin,
    step: 6,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::CREDENTIALS,
    page: include_str!("in_config_maps.md"),
    mappings: Mappings {
        nsa: &["secrets"],
        attack: &["MS-TA9027", "T1552"],
        kubescape: &["C-0012", "C-0259"],
        trivy: &["KSV-0109", "KSV-01010"],
        polaris: &["sensitiveConfigmapContent"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
