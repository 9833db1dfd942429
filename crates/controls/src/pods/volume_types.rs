//! `pods/volume-types`; prose and cases in `volume_types.md`.

use seaworthy_podsecurity::{Check as PodSecurity, Fault};
use seaworthy_probe::Attempt;
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/volume-types",
    title: "Pods use only the permitted volume types",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::HOST_ACCESS,
    page: include_str!("volume_types.md"),
    mappings: Mappings {
        cis: &["5.2.11"],
        nsa: &["hostpath"],
        attack: &["MS-TA9013"],
        trivy: &["KSV-0028", "KSV-0121"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::RestrictedVolumes, grade: Some(grade) },
    guard: Some(Guard::PodSecurity(PodSecurity::RestrictedVolumes)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with an NFS volume, which stands for all types outside the permitted ones, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::RestrictedVolumes,
    "an NFS volume",
    &["volume type \"nfs\""],
    "/spec/volumes",
    |pod| {
        pod["spec"]["volumes"] = json!([{"name": "foreign", "nfs": {"server": "192.0.2.1", "path": "/"}}]);
    },
)
.sample()];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}

/// `gitRepo` lets the kubelet run `git`, and with it hooks from the repository, as root on the node.
fn grade(fault: &Fault<'_>) -> Severity {
    if fault.value.get("gitRepo").is_some() { Severity::High } else { Severity::Medium }
}
