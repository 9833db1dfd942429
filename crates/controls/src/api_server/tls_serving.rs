//! `api-server/tls-serving`; prose and cases in `tls_serving.md`.

use crate::probe::{Ground, Probe, Right, tls};
use seaworthy_evidence::Program;
use seaworthy_probe::{Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Tls, expect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::scope::ComponentScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "api-server/tls-serving",
    title: "API server serves with its own certificate",
    phase: Phase::QuickWin,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("tls_serving.md"),
    mappings: Mappings {
        cis: &["1.2.24"],
        nsa: &["encryption"],
        attack: &["MS-TA9029", "T1557"],
        kubescape: &["C-0138"],
        trivy: &["KCV-0027"],
        checkov: &["CKV_K8S_100"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[HANDSHAKE],
};

const HANDSHAKE: Probe = Probe {
    name: "handshake",
    asks: "Nobody completes a TLS handshake with the API server and looks at its certificates",
    proved_by: "they lead to the authority of the kubeconfig, stand for the address that was asked, and have not ended",
    refuted_by: "a certificate that has ended, or that the server signed by itself",
    not_fooled_by: "a kubeconfig of another cluster or without an authority: that nobody vouches for a certificate is \
                    inconclusive, unless the certificate itself says that the server made it",
    positive_control: "the caller GETs `/version` and is answered, and the handshake is completed",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/version")],
    plan: plan_handshake,
};

fn plan_handshake(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let caller = Step::control("caller", Request::get("/version").by(Identity::Caller), expect::ok);
    vec![tls::certificates(tls::api_server(), Some(caller), judge_handshake)]
}

fn judge_handshake(tls: &Tls) -> Outcome {
    const STEP: &str = "certificates";
    let Some(own) = tls.certificates.first() else {
        return Outcome::inconclusive(STEP, "the server shows no certificate that can be read");
    };
    if own.remaining <= 0 {
        return Outcome::refuted(STEP, format!("the certificate of {} has ended", own.subject));
    }
    match &tls.trusted {
        Ok(()) => Outcome::proved(STEP, format!("{} is vouched for by {}", own.subject, own.issuer)),
        Err(_) if tls::is_self_made(own) => {
            Outcome::refuted(STEP, format!("the server signed the certificate of {} by itself", own.subject))
        }
        Err(why) => Outcome::inconclusive(STEP, format!("nobody vouches for {}: {why}", own.subject))
            .needs("a kubeconfig that holds the authority of the cluster"),
    }
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let why = "the server signs a certificate by itself, which clients cannot verify";
    flags.require("--tls-cert-file", why);
    flags.require("--tls-private-key-file", why);
    flags.verdict()
}
