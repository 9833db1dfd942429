//! `pods/capabilities-added`; prose and cases in `capabilities_added.md`.

use seaworthy_podsecurity::{Check as PodSecurity, Fault};
use seaworthy_probe::Attempt;
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

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
    check: Check::PodSecurity { check: PodSecurity::CapabilitiesBaseline, grade: Some(grade) },
    guard: Some(Guard::PodSecurity(PodSecurity::CapabilitiesBaseline)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with the capability SYS_ADMIN, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::CapabilitiesBaseline,
    "the capability SYS_ADMIN",
    &["must not include \"SYS_ADMIN\""],
    "/spec/containers/0/securityContext/capabilities/add",
    |pod| {
        admission::context(pod)["capabilities"]["add"] = json!(["SYS_ADMIN"]);
    },
)
.sample()];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}

/// Capabilities with which a container takes over its node, or nearly so.
const CRITICAL: &[&str] =
    &["ALL", "BPF", "DAC_READ_SEARCH", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO"];

/// Capabilities whose harm stays within the pod or the settings of devices, as long as no host namespace is shared.
const MEDIUM: &[&str] = &[
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "BLOCK_SUSPEND",
    "CHECKPOINT_RESTORE",
    "IPC_LOCK",
    "IPC_OWNER",
    "LEASE",
    "LINUX_IMMUTABLE",
    "NET_BROADCAST",
    "NET_RAW",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_RESOURCE",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

fn grade(fault: &Fault<'_>) -> Severity {
    let name = fault.value.text().to_ascii_uppercase();
    match name.strip_prefix("CAP_").unwrap_or(&name) {
        name if CRITICAL.contains(&name) => Severity::Critical,
        name if MEDIUM.contains(&name) => Severity::Medium,
        _ => Severity::High,
    }
}
