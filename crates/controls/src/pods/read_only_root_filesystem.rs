//! `pods/read-only-root-filesystem`; prose and cases in `read_only_root_filesystem.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ContainerScope;
use crate::verdict::{Fault, Verdict};

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
    },
    check: Check::Container(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {
    if scope.pod.pod().is_windows() {
        return Verdict::NotApplicable;
    }
    let Some(security) = scope.container.security_context() else {
        let place = Place::missing(scope.container.value(), "securityContext.readOnlyRootFilesystem");
        return Verdict::fail(Fault::new(place, UNSET));
    };
    match security.get("readOnlyRootFilesystem") {
        Some(value) if value.as_bool() == Some(true) => Verdict::Pass,
        Some(value) => {
            Verdict::fail(Fault::new(Place::at(value), format!("`readOnlyRootFilesystem: {}`", value.text())))
        }
        None => Verdict::fail(Fault::new(Place::missing(security, "readOnlyRootFilesystem"), UNSET)),
    }
}

const UNSET: &str = "`readOnlyRootFilesystem` is not set, so the root filesystem is writable";
