//! `pods/proc-mount-restricted`; prose and cases in `proc_mount_restricted.md`.

use seaworthy_podsecurity::Check as PodSecurity;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "pods/proc-mount-restricted",
    title: "/proc keeps its default masks even with user namespaces",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("proc_mount_restricted.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        trivy: &["KSV-0027"],
        kube_linter: &["unsafe-proc-mount"],
        polaris: &["procMount"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::ProcMountRestricted, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::ProcMountRestricted)),
    probes: &[],
};
