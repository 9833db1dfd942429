//! `pods/privilege-escalation`; prose and cases in `privilege_escalation.md`.

use seaworthy_podsecurity::Check as PodSecurity;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/privilege-escalation",
    title: "Processes cannot gain more privileges than their parent",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("privilege_escalation.md"),
    mappings: Mappings {
        cis: &["5.2.6", "5.6.3"],
        nsa: &["nonroot"],
        attack: &["T1548", "T1611"],
        kubescape: &["C-0016", "C-0197", "C-0217", "C-0211"],
        trivy: &["KSV-0001", "KSV-0118"],
        checkov: &["CKV_K8S_20", "CKV_K8S_29", "CKV_K8S_30"],
        kube_linter: &["privilege-escalation-container"],
        polaris: &["privilegeEscalationAllowed"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::AllowPrivilegeEscalation, grade: None },
    guard: Some(Guard::PodSecurity(PodSecurity::AllowPrivilegeEscalation)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with `allowPrivilegeEscalation` left out, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 1] = [Violation::new(
    PodSecurity::AllowPrivilegeEscalation,
    "no word on `allowPrivilegeEscalation`",
    &["allowPrivilegeEscalation != false"],
    "/spec/containers/0/securityContext/allowPrivilegeEscalation",
    |pod| {
        admission::remove(admission::context(pod), "allowPrivilegeEscalation");
    },
)];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}
