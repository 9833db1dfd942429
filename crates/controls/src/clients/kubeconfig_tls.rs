//! `clients/kubeconfig-tls`; prose and cases in `kubeconfig_tls.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_probe::{
    Ask, Attempt, Consent, Identity, Outcome, Reply, Request, SideEffect, Step, Subject, Target, expect,
};

use crate::change;
use crate::clients::{commands, files, kubeconfigs};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
use crate::probe::{Ground, Probe, Right};
use crate::scope::{ContainerScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "clients/kubeconfig-tls",
    title: "Clients verify the API server",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::KUBECONFIGS,
    page: include_str!("kubeconfig_tls.md"),
    mappings: Mappings { nsa: &["kubeconfig"], attack: &["T1557"], ..Mappings::NONE },
    check: Check::Several(&[
        Check::Object { kinds: &[("", "Config")], check: of_kubeconfig },
        Check::Container(of_container),
    ]),
    guard: None,
    probes: &[VERIFIED, FILES],
};

const VERIFIED: Probe = Probe {
    name: "verified",
    asks: "A handshake with the API server, whose certificate is checked against the authorities of the kubeconfig of this run",
    proved_by: "a certificate that leads to them and names the server",
    refuted_by: "an answer to a kubeconfig that takes any certificate; or a certificate that leads to none of its authorities, \
                 while requests by it are answered: they are not checked",
    not_fooled_by: "a kubeconfig without authorities, which may trust those of this machine: nothing is concluded",
    positive_control: "the caller GETs `/version` in the way of the kubeconfig and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[Right::path("/version")],
    plan: plan_verified,
};

fn plan_verified(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let skips = ground.given.skips_verification;
    let handshake = Request {
        identity: Identity::Anonymous,
        target: Target::ApiServer,
        ask: Ask::Certificates,
        creates: None,
    };
    let steps = vec![
        Step::control("caller", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::ask("handshake", handshake),
    ];
    vec![Attempt::new(Subject::cluster("kubeconfig"), steps, move |answers| {
        match answers.reply("handshake") {
            Some(Reply::Handshake(_)) if skips => Outcome::refuted(
                "handshake",
                "the kubeconfig takes any certificate: requests by it are answered, and would be by anybody",
            ),
            Some(Reply::Handshake(tls)) => match &tls.trusted {
                Ok(()) => Outcome::proved(
                    "handshake",
                    "the server's certificate leads to an authority of the kubeconfig",
                ),
                Err(why) if why.contains("UnknownIssuer") => Outcome::refuted(
                    "handshake",
                    "the kubeconfig lets in whoever answers: the certificate leads to none of its authorities",
                ),
                Err(why) => Outcome::inconclusive(
                    "handshake",
                    format!("the certificate cannot be checked here: {why}"),
                ),
            },
            _ => answers.inconclusive("handshake"),
        }
    })]
}

const FILES: Probe = files::probe(
    "a file whose servers are all asked by https and verified",
    "`insecure-skip-tls-verify: true`, or a server that is asked by plain http and is not this machine",
    "proxies of kubectl on this machine, which speak plain http: they are another control. Authorities that the system trusts are taken for verification",
    plan_files,
);

fn plan_files(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    files::attempts(ground, files::servers)
}

fn of_kubeconfig<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let root = scope.object.value;
    let faults = kubeconfigs::tls_faults(root);
    if !faults.is_empty() {
        return Verdict::Fail(faults);
    }
    let mut clusters = root.get("clusters").into_iter().flat_map(|clusters| clusters.items()).peekable();
    if clusters.peek().is_none() {
        return Verdict::NotApplicable;
    }
    let is_open = |server: &Value<'_>| is_placeholder(server.text());
    if clusters.any(|cluster| cluster.at(&["cluster", "server"]).as_ref().is_some_and(is_open)) {
        return Verdict::unknown("the server is a placeholder", "the file with its values filled in");
    }
    Verdict::Pass
}

/// Flags of `kubectl` and `helm` that do what the field of a kubeconfig does.
fn of_container<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {
    let mut calls = 0;
    let mut skips = false;
    commands::run(&scope.container, |program, words| {
        let flag = match program {
            "kubectl" => "--insecure-skip-tls-verify",
            "helm" => "--kube-insecure-skip-tls-verify",
            _ => return,
        };
        calls += 1;
        let is_on = |word: &String| match word.strip_prefix(flag) {
            Some("") => true,
            Some(value) => {
                value.strip_prefix('=').is_some_and(|value| !matches!(value, "false" | "0" | "f" | "F"))
            }
            None => false,
        };
        skips |= words.iter().any(is_on);
    });
    match (calls, skips) {
        (0, _) => Verdict::NotApplicable,
        (_, false) => Verdict::Pass,
        (_, true) => {
            let place = Place::at(commands::place(&scope.container));
            Verdict::fail(Fault::new(
                place,
                "a command skips the verification of the API server: whoever answers gets the token",
            ))
        }
    }
}
