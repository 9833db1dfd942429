//! `pods/privileged`; prose and cases in `privileged.md`.

use seaworthy_podsecurity::Check as PodSecurity;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "pods/privileged",
    title: "No container runs privileged",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("privileged.md"),
    mappings: Mappings {
        cis: &["5.2.2"],
        nsa: &["privileged"],
        attack: &["MS-TA9018", "T1610", "T1611"],
        kubescape: &["C-0057", "C-0193", "C-0213"],
        trivy: &["KSV-0017"],
        checkov: &["CKV_K8S_16"],
        kube_linter: &["privileged-container"],
        polaris: &["runAsPrivileged"],
        kube_score: &["container-security-context-privileged"],
    },
    check: Check::PodSecurity { check: PodSecurity::Privileged, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::Privileged)),
    probes: &[],
};
