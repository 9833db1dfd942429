//! `authentication/static-tokens`; prose and cases in `static_tokens.md`.

use seaworthy_evidence::Program;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "authentication/static-tokens",
    title: "No static token or password files",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("static_tokens.md"),
    mappings: Mappings {
        cis: &["1.2.2"],
        nsa: &["auth"],
        attack: &["T1552.001", "T1078"],
        kubescape: &["C-0114"],
        trivy: &["KCV-0002"],
        checkov: &["CKV_K8S_69", "CKV_K8S_70"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let files = [
        ("--token-auth-file", "tokens that never expire stand in a file, in the clear"),
        ("--basic-auth-file", "passwords stand in a file, in the clear"),
    ];
    for (flag, danger) in files {
        if let Some(file) = flags.text(flag).given() {
            flags.fault(Fault::new(
                file.place,
                format!("`{flag}` is set: {danger}, and only a restart of the server takes one back"),
            ));
        }
    }
    flags.verdict()
}
