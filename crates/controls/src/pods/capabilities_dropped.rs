//! `pods/capabilities-dropped`; prose and cases in `capabilities_dropped.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/capabilities-dropped",
    title: "Containers drop all capabilities",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("capabilities_dropped.md"),
    mappings: Mappings {
        cis: &["5.2.8", "5.2.9", "5.6.3"],
        nsa: &["caps"],
        attack: &["T1611"],
        kubescape: &["C-0201", "C-0220"],
        trivy: &["KSV-0003", "KSV-0004", "KSV-0106"],
        checkov: &["CKV_K8S_37"],
        polaris: &["insecureCapabilities"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::CapabilitiesRestricted, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::CapabilitiesRestricted)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with all capabilities of the runtime, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::CapabilitiesRestricted,
    "the capabilities that the runtime gives",
    &["must set securityContext.capabilities.drop="],
    "/spec/containers/0/securityContext/capabilities/drop",
    |pod| {
        admission::remove(admission::context(pod), "capabilities");
    },
)];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
