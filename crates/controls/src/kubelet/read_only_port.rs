//! `kubelet/read-only-port`; prose and cases in `read_only_port.md`.

use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Consent, Outcome, Request, SideEffect, Step};

use crate::change;
use crate::component_flags::misfit;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Effective, Field};
use crate::probe::{Ground, Probe, Right, kubelets, ports};
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
    probes: &[CLOSED],
};

const CLOSED: Probe = Probe {
    name: "closed",
    asks: "Nobody GETs `/pods` of port 10255 of each node, without TLS",
    proved_by: "the port refuses the connection",
    refuted_by: "a list of pods",
    not_fooled_by: "a wrong address or a dead host: the kubelet answers on its own port of the same host and is vouched for; a \
                    filter on the way, which is silent and proves nothing; another port, which the kubelet is asked for through the \
                    API server where the caller may",
    positive_control: "a TLS handshake with the kubelet on the same host, before and after",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "nodes/proxy", verbs: &["get"] }],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    kubelets::attempts(ground, |kubelet| {
        let mut steps = kubelet.steps();
        let pods = Request::get("/pods").at(&kubelet.port(10255)).plain().most(kubelets::SOME);
        steps.push(Step::ask("pods", pods));
        steps.extend(kubelet.configuration());
        let kubelet = kubelet.clone();
        Attempt::new(kubelet.subject(), steps, move |answers| {
            if kubelets::is_list(answers, "pods") {
                let reason = "anybody may read the pods of the node on port 10255, without TLS";
                return Outcome::refuted("pods", reason);
            }
            match ports::refused(answers, "pods", 10255, "the kubelet, read-only") {
                Some(outcome) => kubelets::says_otherwise(answers, "readOnlyPort", 10255)
                    .unwrap_or_else(|| kubelet.only_if_vouched(answers, outcome)),
                None => answers.inconclusive("pods"),
            }
        })
    })
}

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
