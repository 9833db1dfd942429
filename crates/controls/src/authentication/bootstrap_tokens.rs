//! `authentication/bootstrap-tokens`; prose and cases in `bootstrap_tokens.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Subject};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::seconds;
use crate::probe::{Ground, Probe, Right, secret_names};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "authentication/bootstrap-tokens",
    title: "Bootstrap tokens expire and are gone after joining",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::TOKENS,
    page: include_str!("bootstrap_tokens.md"),
    mappings: Mappings {
        cis: &["3.1.3"],
        nsa: &["auth"],
        attack: &["T1528", "T1078"],
        kubescape: &["C-0288"],
        ..Mappings::NONE
    },
    check: Check::Object {
        kinds: &[
            ("", "Secret"),
            ("kubeadm.k8s.io", "InitConfiguration"),
            ("kubeadm.k8s.io", "JoinConfiguration"),
        ],
        check,
    },
    guard: None,
    probes: &[NONE_LEFT],
};

const NONE_LEFT: Probe = Probe {
    name: "none-left",
    asks: "The caller lists Secrets of the type `bootstrap.kubernetes.io/token` in `kube-system`, by their metadata alone",
    proved_by: "an empty list",
    refuted_by: "nothing: whether a token has ended stands in the Secret, which is not read",
    not_fooled_by: "a first page that is empty with more behind it: it concludes nothing",
    positive_control: "the caller lists Secrets of any type there and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "secrets", verbs: &["list"] }],
    plan: plan_none_left,
};

fn plan_none_left(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let steps = secret_names::steps("bootstrap.kubernetes.io/token", Some("kube-system")).to_vec();
    vec![Attempt::new(Subject::cluster("Secrets"), steps, |answers| match secret_names::first(answers) {
        Ok(None) => Outcome::proved(secret_names::OF_TYPE, "there is no bootstrap token"),
        Ok(Some((name, more))) => Outcome::inconclusive(
            secret_names::OF_TYPE,
            format!("there are bootstrap tokens, `{name}` and {more} more; when they end was not read"),
        )
        .needs("`kubeadm token list`"),
        Err(()) => answers.inconclusive(secret_names::OF_TYPE),
    })]
}

/// The longest life of a token, in seconds: a day, as kubeadm has it.
const LONGEST: f64 = 86_400.0;

/// The token of the documentation of kubeadm, which many files carry on.
const SAMPLE: &str = "abcdef.0123456789abcdef";

/// Its secret half, as Secrets hold it.
const SAMPLE_SECRET: [&str; 2] = ["0123456789abcdef", "MDEyMzQ1Njc4OWFiY2RlZg=="];

const IS_SAMPLE: &str = "the token is the one of the documentation: everybody knows it";

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let object = scope.object.value;
    match scope.object.kind {
        "Secret" => check_secret(object, scope.around.is_live()),
        "InitConfiguration" => check_init(object),
        _ => check_join(object),
    }
}

fn check_secret(secret: Value<'_>, live: bool) -> Verdict<'_> {
    if secret.get("type").is_none_or(|kind| kind.text() != "bootstrap.kubernetes.io/token") {
        return Verdict::NotApplicable;
    }
    let mut faults = Vec::new();
    let parts = [secret.get("stringData"), secret.get("data")];
    if live && parts.iter().all(Option::is_none) {
        return Verdict::unknown(
            "there is a bootstrap token, and values of Secrets, its end among them, are not read from clusters",
            "`kubeadm token list`, which shows when each token ends",
        );
    }
    let field = |key: &str| parts.iter().flatten().find_map(|part| part.get(key));
    if field("expiration").is_none() {
        let place = parts.iter().flatten().next().copied().unwrap_or(secret);
        let message = "a bootstrap token without `expiration`: whoever finds it can join a node for ever";
        faults.push(Fault::new(Place::missing(place, "expiration"), message));
    }
    if let Some(token) = field("token-secret").filter(|token| SAMPLE_SECRET.contains(&token.text().trim())) {
        faults.push(Fault::new(Place::at(token), IS_SAMPLE).graded(Severity::High));
    }
    Verdict::of(faults)
}

fn check_init(file: Value<'_>) -> Verdict<'_> {
    let Some(tokens) = file.get("bootstrapTokens") else { return Verdict::NotApplicable };
    let mut faults = Vec::new();
    let mut open = false;
    for token in tokens.items() {
        if let Some(text) = token.get("token").filter(|token| token.text() == SAMPLE) {
            faults.push(Fault::new(Place::at(text), IS_SAMPLE).graded(Severity::High));
        }
        // `expires` is a moment, which needs a clock; without either the token lives for a day.
        let Some(life) = token.get("ttl") else { continue };
        match seconds(life.text()) {
            Some(0.0) => {
                let message = format!("`ttl: {}`: the token never expires", life.text());
                faults.push(Fault::new(Place::at(life), message));
            }
            Some(seconds) if seconds > LONGEST => {
                let message =
                    format!("`ttl: {}`: a token to join a node should live for a day at most", life.text());
                faults.push(Fault::new(Place::at(life), message));
            }
            Some(_) => {}
            None => open = true,
        }
    }
    if faults.is_empty() && open {
        return Verdict::unknown("a `ttl` is no duration", "a duration in the field, `24h0m0s` for example");
    }
    Verdict::of(faults)
}

fn check_join(file: Value<'_>) -> Verdict<'_> {
    let paths: [&[&str]; 2] =
        [&["discovery", "bootstrapToken", "token"], &["discovery", "tlsBootstrapToken"]];
    let tokens: Vec<_> = paths.iter().filter_map(|path| file.at(path)).collect();
    if tokens.is_empty() {
        return Verdict::NotApplicable;
    }
    let samples = tokens.into_iter().filter(|token| token.text() == SAMPLE);
    Verdict::of(samples.map(|token| Fault::new(Place::at(token), IS_SAMPLE).graded(Severity::High)).collect())
}
