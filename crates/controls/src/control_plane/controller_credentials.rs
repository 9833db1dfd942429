//! `control-plane/controller-credentials`; prose and cases in `controller_credentials.md`.

use seaworthy_evidence::Program;

use crate::change;
use crate::component_flags::Findings;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ComponentScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "control-plane/controller-credentials",
    title: "Each controller uses its own service account and signing files",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::COMPONENT_FLAGS,
    page: include_str!("controller_credentials.md"),
    mappings: Mappings {
        cis: &["1.3.3", "1.3.4", "1.3.5"],
        nsa: &["rbac"],
        attack: &["T1078", "T1528"],
        kubescape: &["C-0146", "C-0147", "C-0148"],
        trivy: &["KCV-0035", "KCV-0036", "KCV-0037"],
        checkov: &["CKV_K8S_108", "CKV_K8S_110", "CKV_K8S_111"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ControllerManager], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut findings = Findings::default();
    findings.on(
        scope,
        "use-service-account-credentials",
        "--use-service-account-credentials",
        "all controllers act with the rights of all of them",
    );
    findings.set(
        scope,
        "service-account-private-key-file",
        "--service-account-private-key-file",
        "no token is made for legacy Secrets of service accounts, and keys cannot be rotated by file",
    );
    findings.set(scope, "root-ca-file", "--root-ca-file", "pods get no CA to check the API server with");
    findings.verdict()
}
