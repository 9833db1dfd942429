//! `kubelet/anonymous-auth`; prose and cases in `anonymous_auth.md`.

use seaworthy_evidence::{Place, Program};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::authorization_mode;
use crate::kubelet::settings::{Field, serves};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/anonymous-auth",
    title: "Kubelet refuses anonymous requests",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("anonymous_auth.md"),
    mappings: Mappings {
        cis: &["4.2.1"],
        nsa: &["node"],
        attack: &["MS-TA9030", "T1613"],
        kubescape: &["C-0172", "C-0069"],
        trivy: &["KCV-0079"],
        checkov: &["CKV_K8S_138"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[],
};

const ANONYMOUS: Field = Field {
    flag: "anonymous-auth",
    option: "--anonymous-auth",
    path: &["authentication", "anonymous", "enabled"],
    name: "authentication.anonymous.enabled",
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    if !serves(scope) {
        return Verdict::NotApplicable;
    }
    let (place, what) = match ANONYMOUS.as_bool(scope, false, true) {
        Err(verdict) => return verdict,
        Ok((false, _)) => return Verdict::Pass,
        Ok((true, Some(stated))) => (Place::at(stated.at), ANONYMOUS.written(&stated)),
        Ok((true, None)) => (
            ANONYMOUS.missing(scope),
            "`--anonymous-auth` is not set, and without a configuration file it is on".to_owned(),
        ),
    };
    // What an anonymous caller may do is another question.
    if authorization_mode::asks_api_server(scope) {
        let message = format!("{what}: whatever `system:anonymous` is granted, anybody may do on the node");
        return Verdict::fail(Fault::new(place, message).graded(Severity::High));
    }
    Verdict::fail(Fault::new(place, format!("{what}: anybody who reaches the port is let in")))
}
