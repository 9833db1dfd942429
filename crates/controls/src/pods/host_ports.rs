//! `pods/host-ports`; prose and cases in `host_ports.md`.

use seaworthy_podsecurity::Check as PodSecurity;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "pods/host-ports",
    title: "Containers open no host ports",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::HOST_ACCESS,
    page: include_str!("host_ports.md"),
    mappings: Mappings {
        cis: &["5.2.12"],
        nsa: &["host-ns"],
        attack: &["MS-TA9034", "T1046"],
        kubescape: &["C-0044", "C-0204"],
        trivy: &["KSV-0024"],
        checkov: &["CKV_K8S_26"],
        polaris: &["hostPortSet"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::HostPorts, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::HostPorts)),
    probes: &[],
};
