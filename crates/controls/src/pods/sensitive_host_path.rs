//! `pods/sensitive-host-path`; prose and cases in `sensitive_host_path.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "pods/sensitive-host-path",
    title: "No pod reaches sensitive or writable host directories",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::HOST_ACCESS,
    page: include_str!("sensitive_host_path.md"),
    mappings: Mappings {
        cis: &["5.2.11"],
        nsa: &["hostpath"],
        attack: &["MS-TA9013", "T1611", "T1552"],
        kubescape: &["C-0045", "C-0058"],
        trivy: &["KSV-0023"],
        kube_linter: &["sensitive-host-mounts", "writable-host-mount"],
        polaris: &["hostPathSet"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
