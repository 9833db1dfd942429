//! `pods/seccomp-profile`; prose and cases in `seccomp_profile.md`.

use seaworthy_podsecurity::Check as PodSecurity;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "pods/seccomp-profile",
    title: "Each container has a seccomp profile",
    phase: Phase::Research,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("seccomp_profile.md"),
    mappings: Mappings {
        cis: &["5.6.2"],
        nsa: &["hardening"],
        attack: &["T1611"],
        kubescape: &["C-0210"],
        trivy: &["KSV-0030"],
        checkov: &["CKV_K8S_31"],
        polaris: &["linuxHardening"],
        kube_score: &["container-seccomp-profile"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::SeccompProfileRestricted, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::SeccompProfileRestricted)),
    probes: &[],
};
