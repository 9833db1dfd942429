//! `pods/seccomp-profile`; prose and cases in `seccomp_profile.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/seccomp-profile",
    title: "Each container has a seccomp profile",
    phase: Phase::Research,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("seccomp_profile.md"),
    mappings: Mappings {
        cis: &["5.6.2"],
        nsa: &["hardening"],
        attack: &["T1611"],
        kubescape: &["C-0210"],
        trivy: &["KSV-0030"],
        checkov: &["CKV_K8S_31"],
        polaris: &["linuxHardening"],
        kube_score: &["container-seccomp-profile"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::SeccompProfileRestricted, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::SeccompProfileRestricted)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with no seccomp profile, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::SeccompProfileRestricted,
    "no seccomp profile",
    &["must set securityContext.seccompProfile.type"],
    "/spec/securityContext/seccompProfile",
    |pod| {
        admission::remove(&mut pod["spec"]["securityContext"], "seccompProfile");
    },
)];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
