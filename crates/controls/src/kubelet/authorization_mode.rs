//! `kubelet/authorization-mode`; prose and cases in `authorization_mode.md`.

use seaworthy_evidence::{Place, Program};

use crate::change;
use crate::component_flags::misfit;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Effective, Field, serves};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/authorization-mode",
    title: "Kubelet asks the API server to authorise each request",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("authorization_mode.md"),
    mappings: Mappings {
        cis: &["4.2.2"],
        nsa: &["node"],
        attack: &["MS-TA9030", "T1609"],
        kubescape: &["C-0173"],
        trivy: &["KCV-0080"],
        checkov: &["CKV_K8S_139"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[],
};

const MODE: Field = Field {
    flag: "authorization-mode",
    option: "--authorization-mode",
    path: &["authorization", "mode"],
    name: "authorization.mode",
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    if !serves(scope) {
        return Verdict::NotApplicable;
    }
    match MODE.of(scope) {
        Effective::Stated(stated) => match stated.text() {
            "Webhook" => Verdict::Pass,
            "AlwaysAllow" => {
                let message = format!("{}: whoever is let in may do everything", MODE.written(&stated));
                Verdict::fail(Fault::new(Place::at(stated.at), message))
            }
            // The kubelet does not start with any other word; an empty one is its default.
            "" if !scope.component.configuration().is_empty() => Verdict::Pass,
            _ => misfit(MODE.name),
        },
        Effective::Installed(_) | Effective::FileDefault => Verdict::Pass,
        Effective::FlagDefault => Verdict::fail(Fault::new(
            MODE.missing(scope),
            "`--authorization-mode` is not set, and without a configuration file everything is allowed",
        )),
        Effective::Undecided(verdict) => verdict,
    }
}

/// Whether the kubelet surely asks the API server about each request.
pub(super) fn asks_api_server(scope: &ComponentScope<'_, '_>) -> bool {
    match MODE.of(scope) {
        Effective::Stated(stated) => stated.text() == "Webhook",
        Effective::Installed(value) => value == "Webhook",
        Effective::FileDefault => true,
        Effective::FlagDefault | Effective::Undecided(_) => false,
    }
}
