//! `control-plane/bind-address`; prose and cases in `bind_address.md`.

use seaworthy_evidence::{Place, Program};

use crate::addresses;
use crate::change;
use crate::component_flags::{Known, flag};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "control-plane/bind-address",
    title: "Scheduler and controller-manager listen on loopback only",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::COMPONENT_FLAGS,
    page: include_str!("bind_address.md"),
    mappings: Mappings {
        cis: &["1.3.7", "1.4.2"],
        nsa: &["control-plane"],
        attack: &["MS-TA9005", "T1046"],
        kubescape: &["C-0150", "C-0152"],
        trivy: &["KCV-0039", "KCV-0041"],
        checkov: &["CKV_K8S_113", "CKV_K8S_115"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ControllerManager, Program::Scheduler], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    if matches!(flag(scope, "secure-port"), Known::Stated(port) if port.as_i64() == Some(0)) {
        return Verdict::Pass;
    }
    match flag(scope, "bind-address") {
        Known::Stated(stated) if addresses::is_loopback(stated.text()) => Verdict::Pass,
        Known::Stated(stated) => Verdict::fail(Fault::new(
            Place::at(stated.at),
            format!("`--bind-address={}`: the port can be reached from outside of the node", stated.text()),
        )),
        Known::Installed(_) => Verdict::Pass,
        Known::Absent => Verdict::fail(Fault::new(
            scope.missing("--bind-address"),
            "`--bind-address` is not set, which means all addresses of the node",
        )),
        Known::Undecided(verdict) => verdict,
    }
}
