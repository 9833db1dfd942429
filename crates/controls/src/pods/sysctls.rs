//! `pods/sysctls`; prose and cases in `sysctls.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/sysctls",
    title: "Pods set only safe sysctls",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::POD_FIELDS,
    page: include_str!("sysctls.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611", "T1499"],
        trivy: &["KSV-0026"],
        kube_linter: &["unsafe-sysctls"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::Sysctls, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::Sysctls)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with the sysctl kernel.msgmax, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::Sysctls,
    "the sysctl `kernel.msgmax`",
    &["forbidden sysctls (kernel.msgmax)"],
    "/spec/securityContext/sysctls",
    |pod| {
        pod["spec"]["securityContext"]["sysctls"] = json!([{"name": "kernel.msgmax", "value": "65536"}]);
    },
)
.sample()];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
