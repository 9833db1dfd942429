//! `pods/proc-mount`; prose and cases in `proc_mount.md`.

use seaworthy_podsecurity::Check as PodSecurity;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "pods/proc-mount",
    title: "/proc keeps its default masks",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("proc_mount.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        trivy: &["KSV-0027"],
        kube_linter: &["unsafe-proc-mount"],
        polaris: &["procMount"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::ProcMount, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::ProcMount)),
    probes: &[],
};
