//! `pods/capabilities-added`; prose and cases in `capabilities_added.md`.

use seaworthy_podsecurity::Check as PodSecurity;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

pub(super) static CONTROL: Control = Control {
    id: "pods/capabilities-added",
    title: "Containers add no capability beyond the default set",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("capabilities_added.md"),
    mappings: Mappings {
        cis: &["5.2.8", "5.2.9"],
        nsa: &["caps"],
        attack: &["MS-TA9018", "T1611"],
        kubescape: &["C-0046", "C-0199", "C-0200", "C-0219"],
        trivy: &["KSV-0005", "KSV-0022", "KSV-0119", "KSV-0120"],
        checkov: &["CKV_K8S_25", "CKV_K8S_28", "CKV_K8S_39"],
        kube_linter: &["drop-net-raw-capability"],
        polaris: &["dangerousCapabilities", "insecureCapabilities"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::CapabilitiesBaseline, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::CapabilitiesBaseline)),
};
