//! `kubelet/pod-pids-limit`; prose and cases in `pod_pids_limit.md`.

use seaworthy_evidence::{Place, Program};

use crate::change;
use crate::component_flags::misfit;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Effective, Field};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/pod-pids-limit",
    title: "Each pod's process count is limited",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("pod_pids_limit.md"),
    mappings: Mappings {
        cis: &["4.2.13"],
        nsa: &["resources"],
        attack: &["MS-TA9040", "T1499"],
        kubescape: &["C-0284"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[],
};

const LIMIT: Field =
    Field { flag: "pod-max-pids", option: "--pod-max-pids", path: &["podPidsLimit"], name: "podPidsLimit" };

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    const FORKS: &str = "one pod may take all process numbers of the node";
    match LIMIT.of(scope) {
        Effective::Stated(stated) => match stated.as_i64() {
            Some(1..) => Verdict::Pass,
            Some(_) => Verdict::fail(Fault::new(
                Place::at(stated.at),
                format!("{}: {FORKS}", LIMIT.written(&stated)),
            )),
            None => misfit(LIMIT.name),
        },
        Effective::Installed(_) => Verdict::Pass,
        Effective::FileDefault | Effective::FlagDefault => {
            let message = format!("`{}` is not set: {FORKS}", LIMIT.shown(scope));
            Verdict::fail(Fault::new(LIMIT.missing(scope), message))
        }
        Effective::Undecided(verdict) => verdict,
    }
}
