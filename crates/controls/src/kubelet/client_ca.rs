//! `kubelet/client-ca`; prose and cases in `client_ca.md`.

use seaworthy_evidence::{Place, Program, collection::GROUP, node_reading};
use seaworthy_probe::{Answers, Attempt, Certificate, Consent, Identity, Outcome, SideEffect, Step};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Effective, Field, serves};
use crate::node_files;
use crate::probe::kubelets::{self, Gate, Kubelet, gate};
use crate::probe::{Ground, Probe, Right};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/client-ca",
    title: "Kubelet verifies client certificates",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("client_ca.md"),
    mappings: Mappings {
        cis: &["4.2.3", "4.1.7", "4.1.8"],
        nsa: &["node"],
        attack: &["MS-TA9030"],
        kubescape: &["C-0174", "C-0070", "C-0168", "C-0169"],
        trivy: &["KCV-0081", "KCV-0075", "KCV-0076"],
        checkov: &["CKV_K8S_140"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::Kubelet], check },
        Check::Object { kinds: &[(GROUP, node_reading::KIND)], check: check_file },
    ]),
    guard: None,
    probes: &[FOREIGN],
};

const FOREIGN: Probe = Probe {
    name: "foreign",
    asks: "A certificate of `system:masters` that an unknown authority signed GETs `/pods` of each kubelet; a certificate of the \
           cluster, and the API server with its own, GET `/healthz`",
    proved_by: "401 for the foreign one, while one of the cluster is known",
    refuted_by: "200, or a 403 that names a user, for the foreign one; 401 for all, that of the API server included",
    not_fooled_by: "a kubelet that refuses every certificate, as it does without a client CA: one of the cluster must be known",
    positive_control: "a TLS handshake with the same port",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "nodes/proxy", verbs: &["get"] }],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    kubelets::attempts(ground, |kubelet| {
        let mut steps = kubelet.steps();
        let foreign = kubelet.get("/pods").by(Identity::Certificate(Certificate::Foreign));
        steps.push(Step::ask("foreign", foreign));
        if let Some(request) = kubelet.through_api("/healthz") {
            steps.push(Step::ask("api-server", request));
        }
        let kubelet = kubelet.clone();
        Attempt::new(kubelet.subject(), steps, move |answers| judge(&kubelet, answers))
    })
}

fn judge(kubelet: &Kubelet, answers: &Answers) -> Outcome {
    match gate(answers, "foreign") {
        Gate::Unknown => {}
        Gate::Forbidden => {
            let reason = "a certificate of an unknown authority is let in; only rights stop it";
            return Outcome::refuted("foreign", reason);
        }
        Gate::Answered if kubelets::is_list(answers, "foreign") => {
            let reason = "whoever shows a certificate of an unknown authority may read the pods of the node";
            return Outcome::refuted("foreign", reason);
        }
        Gate::Answered | Gate::Unclear => return answers.inconclusive("foreign"),
    }
    let knows = |step| matches!(gate(answers, step), Gate::Answered | Gate::Forbidden);
    // Where requests without credentials are let in, so is a certificate that nobody looks at: the foreign one was not.
    if knows("nobody") || knows("known") || knows("api-server") {
        let reason = "a certificate of an unknown authority is refused, and one of the cluster is known";
        return kubelet.only_if_vouched(answers, Outcome::proved("foreign", reason));
    }
    // Every kubelet of the cluster must know what the API server shows.
    if gate(answers, "api-server") == Gate::Unknown {
        let reason = "the kubelet knows no client by its certificate, not even the API server";
        return Outcome::refuted("api-server", reason);
    }
    let reason = "no certificate is seen to be known: the refusal of a foreign one says nothing";
    Outcome::inconclusive("foreign", reason)
        .needs("`--ordinary-cert` and `--ordinary-key`, or the right to get nodes/proxy")
}

const CLIENT_CA: Field = Field {
    flag: "client-ca-file",
    option: "--client-ca-file",
    path: &["authentication", "x509", "clientCAFile"],
    name: "authentication.x509.clientCAFile",
};

/// Whoever writes the file adds a CA of his own.
fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    node_files::judge(scope, CONTROL.id, |rule| rule.mode)
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    if !serves(scope) {
        return Verdict::NotApplicable;
    }
    const WITHOUT: &str = "the kubelet knows no client by its certificate, not even the API server";
    match CLIENT_CA.of(scope) {
        Effective::Stated(stated) if stated.text().is_empty() => {
            let message = format!("`{}` is empty: {WITHOUT}", CLIENT_CA.shown(scope));
            Verdict::fail(Fault::new(Place::at(stated.at), message))
        }
        Effective::Stated(_) | Effective::Installed(_) => Verdict::Pass,
        Effective::FileDefault | Effective::FlagDefault => {
            let message = format!("`{}` is not set: {WITHOUT}", CLIENT_CA.shown(scope));
            Verdict::fail(Fault::new(CLIENT_CA.missing(scope), message))
        }
        Effective::Undecided(verdict) => verdict,
    }
}
