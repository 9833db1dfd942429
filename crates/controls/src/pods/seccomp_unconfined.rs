//! `pods/seccomp-unconfined`; prose and cases in `seccomp_unconfined.md`.

use seaworthy_podsecurity::Check as PodSecurity;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "pods/seccomp-unconfined",
    title: "No pod switches seccomp off",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("seccomp_unconfined.md"),
    mappings: Mappings {
        cis: &["5.6.2"],
        nsa: &["hardening"],
        attack: &["T1611"],
        kubescape: &["C-0210"],
        trivy: &["KSV-0104"],
        checkov: &["CKV_K8S_31"],
        polaris: &["linuxHardening"],
        kube_score: &["container-seccomp-profile"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::SeccompProfileBaseline, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::SeccompProfileBaseline)),
    probes: &[],
};
