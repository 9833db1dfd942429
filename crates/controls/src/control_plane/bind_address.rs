//! `control-plane/bind-address`; prose and cases in `bind_address.md`.

use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Consent, SideEffect};

use crate::addresses;
use crate::change;
use crate::component_flags::{Known, flag};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Probe, Right, components};
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
    probes: &[OFF_HOST],
};

const OFF_HOST: Probe = Probe {
    name: "off-host",
    asks: "A connection to the port of the scheduler and of the controller manager, by an address that others reach",
    proved_by: "the port refuses the connection, while the component runs on that host",
    refuted_by: "the component answers `/healthz`",
    not_fooled_by: "a host without the component: the API server says that its pod there is ready, or that the one beside the \
                    only API server, which is on that host, is healthy; a dead host: its kubelet accepts connections",
    positive_control: "the caller GETs the pod of the component, which is ready, or its ComponentStatus, which is healthy",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[
        Right { group: "", resource: "pods", verbs: &["get"] },
        Right { group: "", resource: "componentstatuses", verbs: &["get"] },
        Right { group: "discovery.k8s.io", resource: "endpointslices", verbs: &["get"] },
    ],
    plan: components::bind_address,
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
