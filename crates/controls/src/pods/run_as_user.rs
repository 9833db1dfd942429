//! `pods/run-as-user`; prose and cases in `run_as_user.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/run-as-user",
    title: "No container sets user id 0",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("run_as_user.md"),
    mappings: Mappings {
        cis: &["5.2.7"],
        nsa: &["nonroot"],
        attack: &["T1611"],
        kubescape: &["C-0013"],
        trivy: &["KSV-0105"],
        checkov: &["CKV_K8S_23"],
        kube_linter: &["run-as-non-root"],
        polaris: &["runAsRootAllowed"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::RunAsUser, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::RunAsUser)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with the user id 0, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::RunAsUser,
    "the user id 0",
    &["runAsUser=0"],
    "/spec/containers/0/securityContext/runAsUser",
    |pod| {
        admission::context(pod)["runAsUser"] = 0.into();
    },
)];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
