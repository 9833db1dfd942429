//! `pods/read-only-root-filesystem`; prose and cases in `read_only_root_filesystem.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "pods/read-only-root-filesystem",
    title: "Container root filesystems are read-only",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Runtime],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("read_only_root_filesystem.md"),
    mappings: Mappings {
        cis: &["5.6.3"],
        nsa: &["immutable-fs"],
        attack: &["MS-TA9012", "T1105", "T1565"],
        kubescape: &["C-0017"],
        trivy: &["KSV-0014"],
        checkov: &["CKV_K8S_22"],
        kube_linter: &["no-read-only-root-fs"],
        polaris: &["notReadOnlyRootFilesystem"],
        kube_score: &["container-security-context-readonlyrootfilesystem"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
