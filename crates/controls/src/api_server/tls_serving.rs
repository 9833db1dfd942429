//! `api-server/tls-serving`; prose and cases in `tls_serving.md`.

use seaworthy_evidence::Program;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::scope::ComponentScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "api-server/tls-serving",
    title: "API server serves with its own certificate",
    phase: Phase::QuickWin,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("tls_serving.md"),
    mappings: Mappings {
        cis: &["1.2.24"],
        nsa: &["encryption"],
        attack: &["MS-TA9029", "T1557"],
        kubescape: &["C-0138"],
        trivy: &["KCV-0027"],
        checkov: &["CKV_K8S_100"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let why = "the server signs a certificate by itself, which clients cannot verify";
    flags.require("--tls-cert-file", why);
    flags.require("--tls-private-key-file", why);
    flags.verdict()
}
