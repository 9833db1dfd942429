//! `service-accounts/legacy-tokens`; prose and cases in `legacy_tokens.md`.

use seaworthy_evidence::Place;
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Subject};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, Right, secret_names};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "service-accounts/legacy-tokens",
    title: "No long-lived service account token Secrets exist",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::TOKENS,
    page: include_str!("legacy_tokens.md"),
    mappings: Mappings { nsa: &["sa-token"], attack: &["MS-TA9016", "T1528", "T1552"], ..Mappings::NONE },
    check: Check::Object { kinds: &[("", "Secret")], check },
    guard: None,
    probes: &[NONE_LEFT],
};

const NONE_LEFT: Probe = Probe {
    name: "none-left",
    asks: "The caller lists Secrets of the type `kubernetes.io/service-account-token`, by their metadata alone",
    proved_by: "an empty list",
    refuted_by: "one or more",
    not_fooled_by: "a list of one namespace, or a first page: all namespaces are asked, and an empty page with more behind it \
                    concludes nothing",
    positive_control: "the caller lists Secrets of any type and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "secrets", verbs: &["list"] }],
    plan: plan_none_left,
};

fn plan_none_left(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let steps = secret_names::steps("kubernetes.io/service-account-token", None).to_vec();
    vec![Attempt::new(Subject::cluster("Secrets"), steps, |answers| match secret_names::first(answers) {
        Ok(None) => Outcome::proved(secret_names::OF_TYPE, "no Secret holds a token of a service account"),
        Ok(Some((name, more))) => Outcome::refuted(
            secret_names::OF_TYPE,
            format!("Secret `{name}` and {more} more hold tokens that never end"),
        ),
        Err(()) => answers.inconclusive(secret_names::OF_TYPE),
    })]
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let secret = scope.object;
    let Some(kind) =
        secret.value.get("type").filter(|kind| kind.text() == "kubernetes.io/service-account-token")
    else {
        return Verdict::Pass;
    };
    let account = secret.annotation("kubernetes.io/service-account.name").unwrap_or("(unnamed)");
    if let Some(date) = secret.label("kubernetes.io/legacy-token-invalid-since") {
        let message =
            format!("a token of the account `{account}`, invalid since {date} because nobody used it");
        return Verdict::fail(Fault::new(Place::at(kind), message).graded(Severity::Low));
    }
    Verdict::fail(Fault::new(
        Place::at(kind),
        match secret.label("kubernetes.io/legacy-token-last-used") {
            Some(date) => {
                format!("a token of the account `{account}` that never expires, last used on {date}")
            }
            None => format!("a token of the account `{account}` that never expires"),
        },
    ))
}
