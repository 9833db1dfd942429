//! `kubelet/seccomp-default`; prose and cases in `seccomp_default.md`.

use seaworthy_evidence::{Place, Program};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::Field;
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/seccomp-default",
    title: "Kubelet applies RuntimeDefault seccomp when a pod names none",
    phase: Phase::Research,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("seccomp_default.md"),
    mappings: Mappings { cis: &["4.2.14"], nsa: &["hardening"], attack: &["T1611"], ..Mappings::NONE },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[],
};

const SECCOMP: Field = Field {
    flag: "seccomp-default",
    option: "--seccomp-default",
    path: &["seccompDefault"],
    name: "seccompDefault",
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    const UNCONFINED: &str = "pods that name no profile run without any";
    match SECCOMP.as_bool(scope, false, false) {
        Ok((true, _)) => Verdict::Pass,
        Ok((false, Some(stated))) => {
            let message = format!("{}: {UNCONFINED}", SECCOMP.written(&stated));
            Verdict::fail(Fault::new(Place::at(stated.at), message))
        }
        Ok((false, None)) => {
            let message = format!("`{}` is not set: {UNCONFINED}", SECCOMP.shown(scope));
            Verdict::fail(Fault::new(SECCOMP.missing(scope), message))
        }
        Err(verdict) => verdict,
    }
}
