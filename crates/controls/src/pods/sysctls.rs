//! `pods/sysctls`; prose and cases in `sysctls.md`.

use seaworthy_podsecurity::Check as PodSecurity;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "pods/sysctls",
    title: "Pods set only safe sysctls",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::POD_FIELDS,
    page: include_str!("sysctls.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611", "T1499"],
        trivy: &["KSV-0026"],
        kube_linter: &["unsafe-sysctls"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::Sysctls, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::Sysctls)),
    probes: &[],
};
