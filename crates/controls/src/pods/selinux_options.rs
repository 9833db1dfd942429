//! `pods/selinux-options`; prose and cases in `selinux_options.md`.

use seaworthy_podsecurity::{Check as PodSecurity, Fault};

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "pods/selinux-options",
    title: "Pods keep confined SELinux labels",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("selinux_options.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        kubescape: &["C-0055"],
        trivy: &["KSV-0025"],
        polaris: &["linuxHardening"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::SeLinuxOptions, grade: Some(grade) },
    guard: Some(Guard::PodSecurity(PodSecurity::SeLinuxOptions)),
    probes: &[],
};

/// Types that are as good as no SELinux at all.
pub(super) const UNCONFINED_TYPES: &[&str] =
    &["container_runtime_t", "spc_t", "unconfined_service_t", "unconfined_t"];

fn grade(fault: &Fault<'_>) -> Severity {
    if UNCONFINED_TYPES.contains(&fault.value.text()) { Severity::High } else { Severity::Medium }
}
