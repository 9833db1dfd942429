//! `pods/seccomp-unconfined`; prose and cases in `seccomp_unconfined.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/seccomp-unconfined",
    title: "No pod switches seccomp off",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("seccomp_unconfined.md"),
    mappings: Mappings {
        cis: &["5.6.2"],
        nsa: &["hardening"],
        attack: &["T1611"],
        kubescape: &["C-0210"],
        trivy: &["KSV-0104"],
        checkov: &["CKV_K8S_31"],
        polaris: &["linuxHardening"],
        kube_score: &["container-seccomp-profile"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::SeccompProfileBaseline, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::SeccompProfileBaseline)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with seccomp switched off, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::SeccompProfileBaseline,
    "seccomp switched off",
    &["seccompProfile.type to \"Unconfined\""],
    "/spec/containers/0/securityContext/seccompProfile",
    |pod| {
        admission::context(pod)["seccompProfile"] = json!({"type": "Unconfined"});
    },
)];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
