//! `pods/selinux-options`; prose and cases in `selinux_options.md`.

use seaworthy_podsecurity::{Check as PodSecurity, Fault};
use seaworthy_probe::Attempt;
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/selinux-options",
    title: "Pods keep confined SELinux labels",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("selinux_options.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        kubescape: &["C-0055"],
        trivy: &["KSV-0025"],
        polaris: &["linuxHardening"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::SeLinuxOptions, grade: Some(grade) },
    guard: Some(Guard::PodSecurity(PodSecurity::SeLinuxOptions)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with the SELinux type spc_t, and one with a SELinux role, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 2] = [
    Violation::new(
        PodSecurity::SeLinuxOptions,
        "the SELinux type spc_t",
        &["type \"spc_t\""],
        "/spec/containers/0/securityContext/seLinuxOptions/type",
        |pod| {
            admission::context(pod)["seLinuxOptions"] = json!({"type": "spc_t"});
        },
    )
    .named("type")
    .sample(),
    Violation::new(
        PodSecurity::SeLinuxOptions,
        "a SELinux role",
        &["role may not be set"],
        "/spec/containers/0/securityContext/seLinuxOptions/role",
        |pod| {
            admission::context(pod)["seLinuxOptions"] = json!({"role": "sysadm_r"});
        },
    )
    .named("role")
    .sample(),
];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}

/// Types that are as good as no SELinux at all.
pub(super) const UNCONFINED_TYPES: &[&str] =
    &["container_runtime_t", "spc_t", "unconfined_service_t", "unconfined_t"];

fn grade(fault: &Fault<'_>) -> Severity {
    if UNCONFINED_TYPES.contains(&fault.value.text()) { Severity::High } else { Severity::Medium }
}
