//! `api-server/overload-guards`; prose and cases in `overload_guards.md`.

use seaworthy_evidence::{Place, Program};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/overload-guards",
    title: "Overload guards of the control plane are on",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("overload_guards.md"),
    mappings: Mappings {
        cis: &["1.2.20", "1.3.1"],
        nsa: &["control-plane"],
        attack: &["MS-TA9040", "T1499"],
        kubescape: &["C-0134", "C-0144"],
        trivy: &["KCV-0033"],
        checkov: &["CKV_K8S_95", "CKV_K8S_106"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_api_server },
        Check::Component { programs: &[Program::ControllerManager], check: check_controller_manager },
        Check::Object { kinds: &[("flowcontrol.apiserver.k8s.io", "FlowSchema")], check: check_flow_schema },
    ]),
    guard: None,
    probes: &[],
};

/// The longest time that a request may take, in seconds: the default is one minute.
const LONGEST_REQUEST: f64 = 300.0;

fn check_api_server<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    if let Some((seconds, given)) = flags.duration("--request-timeout")
        && seconds > LONGEST_REQUEST
    {
        let message =
            format!("`--request-timeout={}`: slow requests hold their place for that long", given.text);
        flags.fault(Fault::new(given.place, message));
    }
    if let Some((false, place)) = flags.switch("--enable-priority-and-fairness", true) {
        let message = "`--enable-priority-and-fairness=false`: one busy client can keep all others waiting";
        flags.fault(Fault::new(place, message));
    }
    flags.verdict()
}

fn check_controller_manager<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    if let Some((threshold, place)) = flags.number("--terminated-pod-gc-threshold", 12_500)
        && threshold <= 0
    {
        let message = "terminated pods are never collected, so that they fill etcd";
        flags.fault(Fault::new(place, format!("`--terminated-pod-gc-threshold={threshold}`: {message}")));
    }
    flags.verdict()
}

fn check_flow_schema<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let schema = scope.object;
    let Some(level) = schema.value.at(&["spec", "priorityLevelConfiguration", "name"]) else {
        return Verdict::NotApplicable;
    };
    // Kubernetes brings two itself: for administrators, and for health probes.
    if level.text() != "exempt" || matches!(schema.name, "exempt" | "probes") {
        return Verdict::Pass;
    }
    Verdict::fail(Fault::new(
        Place::at(level),
        "requests of this flow are exempt from every limit: they can starve the rest of the cluster",
    ))
}
