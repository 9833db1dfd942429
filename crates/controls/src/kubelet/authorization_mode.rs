//! `kubelet/authorization-mode`; prose and cases in `authorization_mode.md`.

use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Answers, Attempt, Certificate, Consent, Identity, Outcome, Request, SideEffect, Step};
use serde_json::json;

use crate::change;
use crate::component_flags::misfit;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Effective, Field, serves};
use crate::probe::kubelets::{self, Gate, Kubelet, gate};
use crate::probe::{Ground, Probe, Right};
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
    probes: &[ASKED],
};

const ASKED: Probe = Probe {
    name: "asked",
    asks: "A user without rights (the certificate of `--ordinary-cert`, else nobody) GETs `/pods` of each kubelet, opens a \
           WebSocket on `/exec` and POSTs to `/run`, both for a pod that does not exist",
    proved_by: "403 for each, which names the user, the verb and the subresource of `nodes`",
    refuted_by: "200, or that the pod does not exist, to a user to whom the API server grants nothing of the kind, or by a \
                 kubelet that says itself that it allows everything",
    not_fooled_by: "rights that the user has after all: the API server is asked for them; authentication, whose refusal is 401; \
                    another host that refuses as well: the kubelet must be vouched for",
    positive_control: "a TLS handshake with the same port",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::ACCESS_REVIEW, Right { group: "", resource: "nodes/proxy", verbs: &["get"] }],
    plan,
};

/// What is tried, the verb that the kubelet asks the API server for, and whether that grants it.
const TRIED: [(&str, &str, &str, &str); 3] = [
    ("pods", "get", "may-get", "read the pods of the node"),
    ("exec", "get", "may-get", "run commands in pods by a WebSocket"),
    ("run", "create", "may-create", "run commands in pods"),
];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let ordinary = ground.given.has_ordinary_certificate;
    let pod = kubelets::no_pod(ground.run);
    kubelets::attempts(ground, |kubelet| {
        let who = match ordinary {
            true => Identity::Certificate(Certificate::Ordinary),
            false => Identity::Anonymous,
        };
        let mut steps = kubelet.steps();
        for (name, verb) in [("may-get", "get"), ("may-create", "create")] {
            steps.push(Step::ask(name, may(ordinary, verb)));
        }
        if let Some(configuration) = kubelet.through_api("/configz") {
            steps.push(Step::ask("configz", configuration));
        }
        let exec = kubelet.get(&format!("/exec/{pod}?command=id&output=1")).websocket();
        let run = Request::post(format!("/run/{pod}?cmd=id"), &json!({}))
            .at(&kubelet.endpoint)
            .header("accept", kubelets::ANY);
        for (name, request) in [("pods", kubelet.get("/pods")), ("exec", exec), ("run", run)] {
            steps.push(Step::ask(name, request.by(who.clone())));
        }
        let kubelet = kubelet.clone();
        Attempt::new(kubelet.subject(), steps, move |answers| judge(&kubelet, ordinary, answers))
    })
}

/// Whether the API server itself grants the user something of the node.
fn may(ordinary: bool, verb: &str) -> Request {
    let attributes =
        json!({"resourceAttributes": {"verb": verb, "resource": "nodes", "subresource": "proxy"}});
    if !ordinary {
        return Request::access_review("system:anonymous", &["system:unauthenticated"], &attributes);
    }
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": attributes,
    });
    Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review)
        .by(Identity::Certificate(Certificate::Ordinary))
}

fn judge(kubelet: &Kubelet, ordinary: bool, answers: &Answers) -> Outcome {
    let user = if ordinary { "the user of `--ordinary-cert`" } else { "nobody" };
    for (step, verb, may, what) in TRIED {
        let names_verb =
            || answers.get(step).is_some_and(|answer| answer.text().contains(&format!("verb={verb},")));
        match gate(answers, step) {
            Gate::Forbidden if names_verb() => {}
            Gate::Unknown if ordinary => {
                let reason = "the kubelet does not know the certificate of `--ordinary-cert`: it asks nobody";
                return Outcome::inconclusive(step, reason)
                    .needs("a certificate that an authority of the kubelet's `clientCAFile` signed");
            }
            Gate::Unknown => {
                let reason = "the kubelet refuses anonymous requests: it asks nobody about them";
                return Outcome::inconclusive(step, reason).needs("`--ordinary-cert` and `--ordinary-key`");
            }
            // What answers everything may be no kubelet.
            Gate::Answered if kubelets::is_list(answers, "pods") => {
                return let_in(answers, step, may, &format!("{user} may {what}"));
            }
            Gate::Answered | Gate::Forbidden | Gate::Unclear => return answers.inconclusive(step),
        }
    }
    let reason = format!("the kubelet asks whether {user} may read pods and run commands, and refuses");
    kubelet.only_if_vouched(answers, Outcome::proved("run", reason))
}

/// Whether somebody is let in against what the API server says, or because of it.
fn let_in(answers: &Answers, step: &'static str, may: &'static str, what: &str) -> Outcome {
    let configured = answers.get("configz").and_then(|answer| {
        let configuration = answer.json()?;
        Some(configuration.pointer("/kubeletconfig/authorization/mode")?.as_str()? == "AlwaysAllow")
    });
    match (answers.allowed(may), configured) {
        (Some((false, _)), _) => {
            Outcome::refuted(step, format!("{what}, which the API server does not grant: it is not asked"))
        }
        (_, Some(true)) => {
            Outcome::refuted(step, format!("{what}, and the kubelet says that it allows everything"))
        }
        (Some((true, _)), _) => {
            Outcome::inconclusive(step, format!("{what}, which the API server grants as well"))
                .needs("the certificate of a user without rights")
        }
        (None, _) => {
            Outcome::inconclusive(may, format!("{what}, and whether the API server grants it is not known"))
                .needs("the right to create subjectaccessreviews")
        }
    }
}

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
