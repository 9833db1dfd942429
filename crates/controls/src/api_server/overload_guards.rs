//! `api-server/overload-guards`; prose and cases in `overload_guards.md`.

use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, expect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::probe::{Ground, Probe, Right};
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
    probes: &[FAIRNESS],
};

const FAIRNESS: Probe = Probe {
    name: "fairness",
    asks: "The caller GETs `/apis` of the API server and looks whether the answer names the flow that the request was put into",
    proved_by: "the header `X-Kubernetes-PF-FlowSchema-UID`",
    refuted_by: "an answer of the API server, with its `Audit-ID`, that names no flow",
    not_fooled_by: "something before the server that takes headers away: without `Audit-ID` nothing is concluded. Timeouts and \
                    the other guards are not seen",
    positive_control: "the answer is 200",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/apis")],
    plan: plan_fairness,
};

fn plan_fairness(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let steps = vec![Step::control("apis", Request::get("/apis").by(Identity::Caller), expect::ok)];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        let header = |name| answers.get("apis").and_then(|answer| answer.header(name));
        match (header("x-kubernetes-pf-flowschema-uid"), header("audit-id")) {
            (Some(flow), _) if !flow.is_empty() => Outcome::proved(
                "apis",
                "requests are put into flows, so that no client keeps all others waiting",
            ),
            (None, Some(_)) => Outcome::refuted(
                "apis",
                "requests are put into no flow: one busy client can keep all others waiting",
            ),
            _ => answers.inconclusive("apis"),
        }
    })]
}

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
