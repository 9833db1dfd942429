//! `pods/run-as-non-root`; prose and cases in `run_as_non_root.md`.

use seaworthy_podsecurity::{Check as PodSecurity, Fault};
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/run-as-non-root",
    title: "Containers must run as a non-root user",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("run_as_non_root.md"),
    mappings: Mappings {
        cis: &["5.2.7", "5.6.3"],
        nsa: &["nonroot"],
        attack: &["MS-TA9018", "T1611"],
        kubescape: &["C-0013", "C-0198", "C-0218"],
        trivy: &["KSV-0012"],
        checkov: &["CKV_K8S_23"],
        kube_linter: &["run-as-non-root"],
        polaris: &["runAsRootAllowed"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::RunAsNonRoot, grade: Some(grade) },
    guard: Some(Guard::PodSecurity(PodSecurity::RunAsNonRoot)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with `runAsNonRoot` left out, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::RunAsNonRoot,
    "no `runAsNonRoot`",
    &["runAsNonRoot != true"],
    "/spec/securityContext/runAsNonRoot",
    |pod| {
        admission::remove(&mut pod["spec"]["securityContext"], "runAsNonRoot");
    },
)];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}

/// Where nothing is set the image decides, and many images name a user that is not root.
fn grade(fault: &Fault<'_>) -> Severity {
    if fault.missing.is_some() { Severity::Medium } else { Severity::High }
}
