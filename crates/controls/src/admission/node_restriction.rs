//! `admission/node-restriction`; prose and cases in `node_restriction.md`.

use seaworthy_evidence::Program;

use super::plugins::Plugins;
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "admission/node-restriction",
    title: "NodeRestriction limits what each node may change",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("node_restriction.md"),
    mappings: Mappings {
        cis: &["1.2.14"],
        nsa: &["node"],
        attack: &["MS-TA9016", "T1078"],
        kubescape: &["C-0127"],
        trivy: &["KCV-0016"],
        checkov: &["CKV_K8S_85"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    // The server refuses to start with a plugin that is both enabled and disabled, so that being enabled is enough.
    if flags
        .items("--enable-admission-plugins")
        .is_some_and(|plugins| plugins.iter().any(|plugin| plugin.text == "NodeRestriction"))
    {
        return Verdict::Pass;
    }
    let mut flags = Flags::of(scope);
    let Some(plugins) = Plugins::of(scope, &mut flags) else { return flags.verdict() };
    if !plugins.is_on("NodeRestriction") {
        flags.fault(Fault::new(
            plugins.place(),
            "`NodeRestriction` is not enabled: a kubelet may change the objects of other nodes, and the labels and \
             taints by which pods are placed",
        ));
    }
    flags.verdict()
}
