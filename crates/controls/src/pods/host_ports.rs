//! `pods/host-ports`; prose and cases in `host_ports.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

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
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with a host port, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::HostPorts,
    "a host port",
    &["hostPort ("],
    "/spec/containers/0/ports",
    |pod| {
        admission::container(pod)["ports"] = json!([{"containerPort": 8080, "hostPort": 8080}]);
    },
)
.sample()];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
