//! `api-server/kubelet-tls`; prose and cases in `kubelet_tls.md`.

use seaworthy_evidence::Program;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/kubelet-tls",
    title: "API server and kubelets authenticate each other",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("kubelet_tls.md"),
    mappings: Mappings {
        cis: &["1.2.4", "1.2.5"],
        nsa: &["control-plane"],
        attack: &["MS-TA9030", "T1557"],
        kubescape: &["C-0116", "C-0117"],
        trivy: &["KCV-0004", "KCV-0005", "KCV-0006"],
        checkov: &["CKV_K8S_71", "CKV_K8S_72", "CKV_K8S_73"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let why = "the API server comes to kubelets without a certificate, as an anonymous client";
    flags.require("--kubelet-client-certificate", why);
    flags.require("--kubelet-client-key", why);
    if let Reading::Absent(place) = flags.text("--kubelet-certificate-authority") {
        flags.fault(
            Fault::new(
                place,
                "`--kubelet-certificate-authority` is not set: the API server does not verify kubelets, so that exec \
                 and logs can be intercepted between them",
            )
            .graded(Severity::Medium),
        );
    }
    flags.verdict()
}
