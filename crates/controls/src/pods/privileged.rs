//! `pods/privileged`; prose and cases in `privileged.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/privileged",
    title: "No container runs privileged",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("privileged.md"),
    mappings: Mappings {
        cis: &["5.2.2"],
        nsa: &["privileged"],
        attack: &["MS-TA9018", "T1610", "T1611"],
        kubescape: &["C-0057", "C-0193", "C-0213"],
        trivy: &["KSV-0017"],
        checkov: &["CKV_K8S_16"],
        kube_linter: &["privileged-container"],
        polaris: &["runAsPrivileged"],
        kube_score: &["container-security-context-privileged"],
    },
    check: Check::PodSecurity { check: PodSecurity::Privileged, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::Privileged)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with a privileged container, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::Privileged,
    "a privileged container",
    &["privileged ("],
    "/spec/containers/0/securityContext/privileged",
    |pod| {
        pod_security::make_privileged(pod);
    },
)
.beside("escalating", |pod| admission::remove(admission::context(pod), "allowPrivilegeEscalation"))];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
