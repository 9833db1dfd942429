//! `pods/apparmor-profile`; prose and cases in `apparmor_profile.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/apparmor-profile",
    title: "No pod switches AppArmor off",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("apparmor_profile.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        kubescape: &["C-0055"],
        trivy: &["KSV-0002"],
        polaris: &["linuxHardening"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::AppArmorProfile, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::AppArmorProfile)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with AppArmor switched off, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::AppArmorProfile,
    "AppArmor switched off",
    &["forbidden AppArmor profile"],
    "/spec/containers/0/securityContext/appArmorProfile",
    |pod| {
        admission::context(pod)["appArmorProfile"] = json!({"type": "Unconfined"});
    },
)];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
