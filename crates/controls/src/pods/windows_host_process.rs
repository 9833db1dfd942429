//! `pods/windows-host-process`; prose and cases in `windows_host_process.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/windows-host-process",
    title: "No Windows HostProcess pod outside system namespaces",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::HOST_ACCESS,
    page: include_str!("windows_host_process.md"),
    mappings: Mappings {
        cis: &["5.2.10"],
        nsa: &["privileged"],
        attack: &["MS-TA9018", "T1611"],
        kubescape: &["C-0202"],
        trivy: &["KSV-0103"],
        polaris: &["hostProcess"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::WindowsHostProcess, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::WindowsHostProcess)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with `windowsOptions.hostProcess`, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::WindowsHostProcess,
    "a Windows HostProcess container",
    &["hostProcess ("],
    "/spec/securityContext/windowsOptions/hostProcess",
    |pod| {
        pod["spec"]["hostNetwork"] = true.into();
        pod["spec"]["securityContext"]["windowsOptions"] = json!({"hostProcess": true});
    },
)
.beside("host-network", |pod| pod["spec"]["hostNetwork"] = true.into())];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
