//! `service-accounts/token-binding`; prose and cases in `token_binding.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading};
use crate::scope::{ComponentScope, PodScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "service-accounts/token-binding",
    title: "Service account tokens are short-lived and bound to one audience",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node, Scope::Audit],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("token_binding.md"),
    mappings: Mappings {
        cis: &["1.2.30"],
        nsa: &["sa-token"],
        attack: &["MS-TA9016", "T1528", "T1550"],
        kubescape: &["C-0290"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Pod(check_pod),
    ]),
    guard: None,
    probes: &[],
};

/// The longest life of a projected token, in seconds: a day.
const LONGEST: i64 = 86_400;

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    if let Some((true, place)) = flags.switch("--service-account-extend-token-expiration", true) {
        let how = if place.missing.is_some() { "is not set, and on by default" } else { "is on" };
        flags.fault(Fault::new(
            place,
            format!("`--service-account-extend-token-expiration` {how}: the token of every pod is valid for a year instead of an hour"),
        ));
    }
    if let Reading::Absent(place) = flags.text("--service-account-max-token-expiration") {
        flags.fault(
            Fault::new(
                place,
                "`--service-account-max-token-expiration` is not set: whoever may request tokens may have them for as \
                 long as they like",
            )
            .graded(Severity::Low),
        );
    }
    flags.verdict()
}

fn check_pod<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let volumes = scope.pod().spec().get("volumes").into_iter().flat_map(|volumes| volumes.items());
    let sources = volumes.filter_map(|volume| volume.at(&["projected", "sources"]));
    let tokens: Vec<Value<'a>> = sources
        .flat_map(|sources| sources.items())
        .filter_map(|source| source.get("serviceAccountToken"))
        .collect();
    if tokens.is_empty() {
        return Verdict::NotApplicable;
    }
    // An hour when it is not stated.
    let lives = tokens.into_iter().filter_map(|token| token.get("expirationSeconds"));
    let mut faults = Vec::new();
    for life in lives {
        match life.as_i64() {
            Some(seconds) if seconds > LONGEST => faults.push(
                Fault::new(
                    Place::at(life),
                    format!(
                        "a token for {} hours: a day is the longest that a stolen one should be of use",
                        seconds / 3600
                    ),
                )
                .graded(Severity::Low),
            ),
            Some(_) => {}
            None => {
                return Verdict::unknown(
                    "`expirationSeconds` is no whole number",
                    "a whole number in the field",
                );
            }
        }
    }
    Verdict::of(faults)
}
