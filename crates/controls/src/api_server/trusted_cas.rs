//! `api-server/trusted-cas`; prose and cases in `trusted_cas.md`.

use std::collections::BTreeSet;

use seaworthy_evidence::Program;
use seaworthy_probe::{
    Answers, Attempt, Certificate, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, expect,
};
use serde_json::Value as Json;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Given, Reading};
use crate::probe::{Ground, Probe, Right, whoami};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/trusted-cas",
    title: "Client, front-proxy and etcd CAs are set and distinct",
    phase: Phase::QuickWin,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("trusted_cas.md"),
    mappings: Mappings {
        cis: &["1.2.25"],
        nsa: &["auth"],
        attack: &["MS-TA9003", "T1078", "T1556"],
        kubescape: &["C-0139"],
        trivy: &["KCV-0028"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[FOREIGN, FRONT_PROXY],
};

const FOREIGN: Probe = Probe {
    name: "foreign",
    asks: "A client certificate for `system:masters`, of an authority made up for this, asks the API server who it is",
    proved_by: "401",
    refuted_by: "an answer that takes the certificate for somebody",
    not_fooled_by: "something that ends TLS before the API server: the certificate of the caller is taken on the same path",
    positive_control: "the client certificate of the caller, or of `--ordinary-cert`, asks who it is and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[],
    plan: plan_foreign,
};

/// The certificates that are at hand, the ordinary one first: it is nobody's exception.
fn certificates(ground: &Ground<'_, '_>) -> Vec<(&'static str, Certificate)> {
    let mut known = Vec::new();
    if ground.given.has_ordinary_certificate {
        known.push(("the certificate of --ordinary-cert", Certificate::Ordinary));
    }
    if ground.given.has_caller_certificate {
        known.push(("the certificate of the kubeconfig", Certificate::Caller));
    }
    known
}

const NEEDS_CERTIFICATE: &str =
    "a kubeconfig with a client certificate, or --ordinary-cert and --ordinary-key";

fn plan_foreign(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let subject = Subject::cluster("API server");
    let Some((_, known)) = certificates(ground).pop() else {
        let reason = "without a certificate that the API server takes, a refusal says nothing";
        return vec![Attempt::cannot(subject, reason, NEEDS_CERTIFICATE)];
    };
    let steps = vec![
        Step::control("known", whoami::request(Identity::Certificate(known)), expect::ok),
        Step::ask("foreign", whoami::request(Identity::Certificate(Certificate::Foreign))),
    ];
    vec![Attempt::new(subject, steps, |answers| match answers.status("foreign") {
        Some(401) if whoami::refused(answers, "foreign") => {
            Outcome::proved("foreign", "a certificate of an unknown authority is refused")
        }
        Some(201) => match whoami::user(answers, "foreign") {
            Some(user) if user == "system:anonymous" => Outcome::inconclusive(
                "foreign",
                "the certificate of an unknown authority is overlooked, and the request taken for one of nobody",
            ),
            Some(user) => Outcome::refuted(
                "foreign",
                format!("a certificate of an unknown authority is taken for `{user}`"),
            ),
            None => answers.inconclusive("foreign"),
        },
        _ => answers.inconclusive("foreign"),
    })]
}

const FRONT_PROXY: Probe = Probe {
    name: "front-proxy",
    asks: "An ordinary client certificate asks who it is with the headers `X-Remote-User` and `X-Remote-Group`, which only the \
           front proxy may set; and the caller reads which authorities the server says it trusts",
    proved_by: "the identity of the certificate, unchanged; and two authorities that share no certificate",
    refuted_by: "the identity of the header; or authorities that share a certificate, so that whoever gets a client certificate \
                 with an allowed name may be anybody",
    not_fooled_by: "a certificate whose name happens not to be allowed: the authorities are compared as well",
    positive_control: "the same certificate asks without the headers and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "configmaps", verbs: &["get"] }],
    plan: plan_front_proxy,
};

const IMPOSTOR: &str = "seaworthy-probe-impostor";

fn plan_front_proxy(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let known = certificates(ground);
    if known.is_empty() {
        let reason = "there is no client certificate to send the headers of a front proxy with";
        return vec![Attempt::cannot(Subject::cluster("API server"), reason, NEEDS_CERTIFICATE)];
    }
    let authorities = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
    let attempts = known.into_iter().map(|(name, certificate)| {
        let whoami = || whoami::request(Identity::Certificate(certificate));
        let steps = vec![
            Step::control("known", whoami(), expect::ok),
            Step::ask(
                "headers",
                whoami().header("x-remote-user", IMPOSTOR).header("x-remote-group", "seaworthy-probe"),
            ),
            Step::ask("authorities", Request::get(authorities).by(Identity::Caller)),
        ];
        Attempt::new(Subject::cluster(name), steps, judge_front_proxy)
    });
    attempts.collect()
}

fn judge_front_proxy(answers: &Answers) -> Outcome {
    let (Some(own), Some(seen)) = (whoami::user(answers, "known"), whoami::user(answers, "headers")) else {
        return answers.inconclusive("headers");
    };
    if seen == IMPOSTOR {
        return Outcome::refuted("headers", format!("`{own}` is whoever it says by `X-Remote-User`"));
    }
    if seen != own {
        return answers.inconclusive("headers");
    }
    let data = answers.get("authorities").filter(|answer| answer.status() == Some(200));
    let data = data.and_then(|answer| answer.json()).and_then(|json| json.get("data").cloned());
    let Some(data) = data else {
        let reason = "the identity of this certificate stays what it is; whether another one's would, the authorities tell, and \
                      they cannot be read";
        return Outcome::inconclusive("authorities", reason)
            .needs("the right to get the ConfigMap `extension-apiserver-authentication` of `kube-system`");
    };
    let text = |key: &str| data.get(key).and_then(Json::as_str).unwrap_or_default();
    let (clients, proxies) =
        (certificates_of(text("client-ca-file")), certificates_of(text("requestheader-client-ca-file")));
    if clients.is_empty() || proxies.is_empty() {
        let reason = "the server does not tell two authorities, one for clients and one for the front proxy";
        return Outcome::inconclusive("authorities", reason)
            .needs("`--requestheader-client-ca-file` of the running server");
    }
    if !clients.is_disjoint(&proxies) {
        let allowed = text("requestheader-allowed-names");
        let reason = format!(
            "the authority of clients is also that of the front proxy: a client certificate with a name of {allowed} may be anybody"
        );
        return Outcome::refuted("authorities", reason);
    }
    if !text("requestheader-username-headers").to_ascii_lowercase().contains("\"x-remote-user\"") {
        let reason = "the front proxy names users by another header than `X-Remote-User`";
        return Outcome::inconclusive("authorities", reason);
    }
    Outcome::proved(
        "headers",
        format!(
            "`{own}` stays who it is whatever `X-Remote-User` says, and the front proxy has an authority of its own"
        ),
    )
}

/// The certificates of a text in PEM, each without its line ends.
fn certificates_of(pem: &str) -> BTreeSet<String> {
    let blocks = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
    let bodies = blocks.filter_map(|block| block.split_once("-----END").map(|(body, _)| body));
    bodies.map(|body| body.split_whitespace().collect()).collect()
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    flags.require(
        "--client-ca-file",
        "no client certificate is verified, so that nobody can sign in with one",
    );
    let clients = flags.text("--client-ca-file");
    let proxies = flags.text("--requestheader-client-ca-file");
    let etcd = flags.text("--etcd-cafile");
    let (clients, proxies, etcd) = (clients.given(), proxies.given(), etcd.given());
    let same = |a: Option<&Given<'a>>, b: Option<&Given<'a>>| a.zip(b).is_some_and(|(a, b)| a.text == b.text);
    if let Some(proxies) = proxies {
        let names = flags.text("--requestheader-allowed-names");
        let shared = same(Some(proxies), clients);
        match names {
            Reading::Absent(_) if shared => flags.fault(
                Fault::new(
                    proxies.place,
                    "`--requestheader-client-ca-file` is `--client-ca-file`, and `--requestheader-allowed-names` names \
                     nobody: the holder of any client certificate may say who they are, an administrator for example",
                )
                .graded(Severity::Critical),
            ),
            _ if shared => flags.fault(
                Fault::new(
                    proxies.place,
                    "`--requestheader-client-ca-file` is `--client-ca-file`: whoever gets a client certificate with an \
                     allowed name may say who they are",
                )
                .graded(Severity::Medium),
            ),
            Reading::Absent(place) => flags.fault(
                Fault::new(
                    place,
                    "`--requestheader-allowed-names` is not set: every certificate of the front-proxy CA may say who \
                     the user is",
                )
                .graded(Severity::Low),
            ),
            Reading::Given(_) | Reading::Open => {}
        }
    }
    if same(etcd, clients) {
        if let Some(etcd) = etcd {
            flags.fault(Fault::new(
                etcd.place,
                "`--etcd-cafile` is `--client-ca-file`: etcd and the API server trust one CA, so that a client \
                 certificate of the cluster may open etcd",
            ));
        }
    } else if same(etcd, proxies)
        && let Some(etcd) = etcd
    {
        flags.fault(
            Fault::new(
                etcd.place,
                "`--etcd-cafile` is `--requestheader-client-ca-file`: one CA for two purposes",
            )
            .graded(Severity::Medium),
        );
    }
    flags.verdict()
}
