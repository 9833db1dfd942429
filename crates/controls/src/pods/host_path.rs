//! `pods/host-path`; prose and cases in `host_path.md`.

use seaworthy_podsecurity::{Check as PodSecurity, Fault};
use seaworthy_probe::Attempt;
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

use super::host_paths::cleaned;
use super::host_trees::judge;

pub(super) static CONTROL: Control = Control {
    id: "pods/host-path",
    title: "Pods mount no host path",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::HOST_ACCESS,
    page: include_str!("host_path.md"),
    mappings: Mappings {
        cis: &["5.2.11"],
        nsa: &["hostpath"],
        attack: &["MS-TA9013", "T1611"],
        kubescape: &["C-0048", "C-0203"],
        trivy: &["KSV-0023"],
        polaris: &["hostPathSet"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::HostPathVolumes, grade: Some(grade) },
    guard: Some(Guard::PodSecurity(PodSecurity::HostPathVolumes)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with a `hostPath` volume, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::HostPathVolumes,
    "a `hostPath` volume",
    &["hostPath volumes (", "volume type \"hostPath\""],
    "/spec/volumes",
    |pod| {
        pod["spec"]["volumes"] = json!([{"name": "host", "hostPath": {"path": "/"}}]);
    },
)
.sample()];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}

/// By what there is to read at the path; what is mounted of it, and how, is judged by `pods/sensitive-host-path`.
fn grade(fault: &Fault<'_>) -> Severity {
    let path = fault.value.at(&["hostPath", "path"]).map_or("", |path| path.text());
    match judge(&cleaned(path), true) {
        Some((Severity::Critical | Severity::High | Severity::Medium, _)) => Severity::High,
        _ => Severity::Medium,
    }
}
