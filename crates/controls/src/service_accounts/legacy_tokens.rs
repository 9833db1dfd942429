//! `service-accounts/legacy-tokens`; prose and cases in `legacy_tokens.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
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
    probes: &[],
};

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
