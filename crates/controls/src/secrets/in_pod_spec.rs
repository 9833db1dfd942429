//! `secrets/in-pod-spec`; prose and cases in `in_pod_spec.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "secrets/in-pod-spec",
    title: "No credential literals in env, command or args",
    phase: Phase::QuickWin,
    step: 6,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::CREDENTIALS,
    page: include_str!("in_pod_spec.md"),
    mappings: Mappings {
        nsa: &["secrets"],
        attack: &["MS-TA9027", "T1552"],
        kubescape: &["C-0012"],
        trivy: &["KSV-0109"],
        kube_linter: &["env-var-secret"],
        polaris: &["sensitiveContainerEnvVar"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
