//! `pods/selinux-options`; prose and cases in `selinux_options.md`.

use seaworthy_podsecurity::Check as PodSecurity;

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
    check: Check::PodSecurity { check: PodSecurity::SeLinuxOptions, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::SeLinuxOptions)),
};
