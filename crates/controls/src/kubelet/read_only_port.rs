//! `kubelet/read-only-port`; prose and cases in `read_only_port.md`.

use seaworthy_evidence::{Place, Program};

use crate::change;
use crate::component_flags::misfit;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Effective, Field};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/read-only-port",
    title: "Kubelet's unauthenticated read-only port is closed",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("read_only_port.md"),
    mappings: Mappings {
        cis: &["4.2.4"],
        nsa: &["node"],
        attack: &["MS-TA9030", "T1613"],
        kubescape: &["C-0175"],
        trivy: &["KCV-0082"],
        checkov: &["CKV_K8S_141"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[],
};

const PORT: Field = Field {
    flag: "read-only-port",
    option: "--read-only-port",
    path: &["readOnlyPort"],
    name: "readOnlyPort",
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    match PORT.of(scope) {
        Effective::Stated(stated) => match stated.as_i64() {
            Some(0) => Verdict::Pass,
            Some(_) => {
                let message = format!(
                    "{}: anybody may read the pods of the node, without credentials",
                    PORT.written(&stated)
                );
                Verdict::fail(Fault::new(Place::at(stated.at), message))
            }
            None => misfit(PORT.name),
        },
        Effective::Installed(_) | Effective::FileDefault => Verdict::Pass,
        Effective::FlagDefault => Verdict::fail(Fault::new(
            PORT.missing(scope),
            "`--read-only-port` is not set, and without a configuration file it is 10255",
        )),
        Effective::Undecided(verdict) => verdict,
    }
}
