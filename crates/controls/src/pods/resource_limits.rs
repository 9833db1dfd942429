//! `pods/resource-limits`; prose and cases in `resource_limits.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "pods/resource-limits",
    title: "Containers have CPU and memory limits",
    phase: Phase::QuickWin,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::RESOURCES,
    page: include_str!("resource_limits.md"),
    mappings: Mappings {
        nsa: &["resources"],
        attack: &["MS-TA9039", "MS-TA9040", "T1496", "T1499"],
        kubescape: &["C-0004", "C-0009", "C-0050", "C-0268", "C-0269", "C-0270", "C-0271", "C-0303"],
        trivy: &["KSV-0011", "KSV-0015", "KSV-0016", "KSV-0018"],
        checkov: &["CKV_K8S_10", "CKV_K8S_11", "CKV_K8S_12", "CKV_K8S_13"],
        kube_linter: &["unset-cpu-requirements", "unset-memory-requirements"],
        polaris: &["cpuLimitsMissing", "memoryLimitsMissing", "cpuRequestsMissing", "memoryRequestsMissing"],
        kube_score: &["container-resources"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
