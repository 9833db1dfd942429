//! `authentication/external-identity`; prose and cases in `external_identity.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Subject};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags, Reading, is_placeholder};
use crate::probe::{Ground, Probe};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "authentication/external-identity",
    title: "People sign in through an external identity provider",
    phase: Phase::QuickWin,
    step: 4,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node, Scope::Audit],
    change: &change::AUTHENTICATION_CONFIGURATION,
    page: include_str!("external_identity.md"),
    mappings: Mappings {
        cis: &["3.1.1"],
        nsa: &["auth"],
        attack: &["MS-TA9001", "MS-TA9003", "T1078"],
        kubescape: &["C-0286"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Object {
            kinds: &[("apiserver.config.k8s.io", "AuthenticationConfiguration")],
            check: check_file,
        },
    ]),
    guard: None,
    probes: &[TOKENS],
};

const TOKENS: Probe = Probe::unasked(
    "tokens",
    "Nothing: tokens of the identity provider are needed that have ended or are meant for others",
    plan_tokens,
);

fn plan_tokens(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let reason = "there is no token of the identity provider to try";
    vec![Attempt::cannot(
        Subject::cluster("identity provider"),
        reason,
        "a token of the identity provider that has ended, and one for another audience",
    )]
}

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let issuer = flags.text("--oidc-issuer-url");
    if let Some(issuer) = issuer.given() {
        if !issuer.text.starts_with("https://") {
            flags.fault(Fault::new(
                issuer.place,
                "`--oidc-issuer-url` is no https URL, which the server refuses",
            ));
        }
        return flags.verdict();
    }
    if flags.text("--authentication-token-webhook-config-file").given().is_some() {
        return Verdict::Pass;
    }
    match flags.configuration("--authentication-config", "AuthenticationConfiguration") {
        // Judged where it stands.
        Configuration::Found(file) if has_issuers(file.value) => return Verdict::NotApplicable,
        Configuration::Open => return flags.verdict(),
        Configuration::Found(_) | Configuration::None => {}
    }
    if let Reading::Absent(place) = issuer {
        flags.fault(
            Fault::new(
                place,
                "no identity provider is set, neither by `--authentication-config` nor by `--oidc-issuer-url` nor by a \
                 webhook: people are left with certificates and service account tokens, unless a proxy speaks for them",
            )
            .graded(Severity::Medium),
        );
    }
    flags.verdict()
}

fn has_issuers(file: Value<'_>) -> bool {
    file.get("jwt").is_some_and(|jwt| jwt.items().next().is_some())
}

fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let file = scope.object.value;
    if !has_issuers(file) {
        return Verdict::NotApplicable;
    }
    let mut faults = Vec::new();
    for authenticator in file.get("jwt").into_iter().flat_map(|jwt| jwt.items()) {
        let issuer = authenticator.get("issuer").unwrap_or(authenticator);
        match issuer.get("url") {
            None => faults.push(Fault::new(Place::missing(issuer, "url"), "the issuer has no `url`")),
            Some(url) if is_placeholder(url.text()) => {
                return Verdict::unknown(
                    "the `url` of an issuer is a placeholder",
                    "the URL that is filled in",
                );
            }
            Some(url) if url.text().starts_with("https://") => {}
            Some(url) => {
                let message = "the `url` of the issuer is no https URL, which the server refuses";
                faults.push(Fault::new(Place::at(url), message));
            }
        }
    }
    Verdict::of(faults)
}
