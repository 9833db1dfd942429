//! `pods/apparmor-profile`; prose and cases in `apparmor_profile.md`.

use seaworthy_podsecurity::Check as PodSecurity;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "pods/apparmor-profile",
    title: "No pod switches AppArmor off",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("apparmor_profile.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        kubescape: &["C-0055"],
        trivy: &["KSV-0002"],
        polaris: &["linuxHardening"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::AppArmorProfile, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::AppArmorProfile)),
    probes: &[],
};
