//! `pods/runtime-socket`; prose and cases in `runtime_socket.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "pods/runtime-socket",
    title: "No pod mounts a container runtime socket",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::HOST_ACCESS,
    page: include_str!("runtime_socket.md"),
    mappings: Mappings {
        cis: &["5.2.11"],
        nsa: &["hostpath"],
        attack: &["MS-TA9013", "T1610", "T1611"],
        kubescape: &["C-0074"],
        trivy: &["KSV-0006"],
        checkov: &["CKV_K8S_27"],
        kube_linter: &["docker-sock"],
        polaris: &["hostPathSet"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
