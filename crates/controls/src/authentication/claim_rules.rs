//! `authentication/claim-rules`; prose and cases in `claim_rules.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Subject};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading, is_placeholder};
use crate::probe::{Ground, Probe};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "authentication/claim-rules",
    title: "Token claims are validated and mapped safely",
    phase: Phase::QuickWin,
    step: 4,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::AUTHENTICATION_CONFIGURATION,
    page: include_str!("claim_rules.md"),
    mappings: Mappings { nsa: &["auth"], attack: &["T1078", "T1606"], ..Mappings::NONE },
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
    "Nothing: tokens of the identity provider are needed whose claims the rules must refuse",
    plan_tokens,
);

fn plan_tokens(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let reason = "there is no token of the identity provider to try";
    vec![Attempt::cannot(
        Subject::cluster("identity provider"),
        reason,
        "tokens of the identity provider whose claims the rules must refuse",
    )]
}

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let Reading::Given(issuer) = flags.text("--oidc-issuer-url") else { return Verdict::NotApplicable };
    let claim = flags.text("--oidc-username-claim");
    let is_email = claim.given().is_some_and(|claim| claim.text == "email");
    if let Some(prefix) = flags.text("--oidc-username-prefix").given() {
        if prefix.text == "-" && !is_email {
            let message = "`--oidc-username-prefix=-`: the provider may issue the name of a system user";
            flags.fault(Fault::new(prefix.place, message));
        } else if prefix.text.starts_with("system:") {
            let message = "`--oidc-username-prefix` makes people system users";
            flags.fault(Fault::new(prefix.place, message));
        }
    }
    if let Some(groups) = flags.text("--oidc-groups-claim").given() {
        let prefix = flags.text("--oidc-groups-prefix");
        match prefix {
            Reading::Absent(place) => {
                // Point at the claim when the prefix is not stated at all.
                let place = if place.missing.is_some() { groups.place } else { place };
                let message = "groups are taken from the provider without `--oidc-groups-prefix`: a group `system:masters` \
                     there is the administrators here";
                flags.fault(Fault::new(place, message));
            }
            Reading::Given(prefix) if prefix.text.starts_with("system:") => {
                flags.fault(Fault::new(
                    prefix.place,
                    "`--oidc-groups-prefix` makes groups of the provider system groups",
                ));
            }
            Reading::Given(_) | Reading::Open => {}
        }
    }
    if let Some(anybody) = shared_by(issuer.text)
        && let Reading::Absent(_) = flags.text("--oidc-required-claim")
    {
        let message =
            format!("the issuer serves {anybody}, and `--oidc-required-claim` narrows that by no claim");
        flags.fault(Fault::new(issuer.place, message));
    }
    flags.verdict()
}

/// Whom an issuer serves that is not one organisation's own.
fn shared_by(issuer: &str) -> Option<&'static str> {
    const SHARED: &[(&str, &str)] = &[
        ("https://accounts.google.com", "every Google account"),
        ("https://app.terraform.io", "every workspace of HCP Terraform"),
        ("https://gitlab.com", "every project of gitlab.com"),
        (
            "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            "every Microsoft account",
        ),
        ("https://login.microsoftonline.com/common/v2.0", "every tenant of Entra ID"),
        ("https://login.microsoftonline.com/organizations/v2.0", "every tenant of Entra ID"),
        ("https://token.actions.githubusercontent.com", "every repository on GitHub"),
    ];
    let issuer = issuer.trim_end_matches('/');
    SHARED.iter().find(|(url, _)| *url == issuer).map(|(_, anybody)| *anybody)
}

fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let authenticators: Vec<Value<'a>> =
        scope.object.value.get("jwt").into_iter().flat_map(|jwt| jwt.items()).collect();
    if authenticators.is_empty() {
        return Verdict::NotApplicable;
    }
    let mut faults = Vec::new();
    let mut filled_in = false;
    for authenticator in authenticators {
        filled_in |= judge(authenticator, &mut faults);
    }
    if faults.is_empty() && filled_in {
        return Verdict::unknown("a claim mapping holds a placeholder", "the text that is filled in");
    }
    Verdict::of(faults)
}

/// Judges one authenticator; returns whether placeholders leave something open.
fn judge<'a>(authenticator: Value<'a>, faults: &mut Vec<Fault<'a>>) -> bool {
    let expressions = |key: &str| {
        let rules = authenticator.get(key).into_iter().flat_map(|rules| rules.items());
        rules.filter_map(|rule| rule.get("expression")).map(|expression| expression.text())
    };
    let refuses = |what: &str| {
        expressions("userValidationRules").any(|rule| rule.contains("system:") && rule.contains(what))
    };
    let mut filled_in = false;
    let mappings = authenticator.get("claimMappings").unwrap_or(authenticator);
    let parts = [
        ("username", "the provider may issue the name of a system user"),
        ("groups", "a group `system:masters` of the provider is the administrators here"),
    ];
    for (part, danger) in parts {
        let Some(mapping) = mappings.get(part) else { continue };
        filled_in |= mapping.entries().any(|(_, value)| is_placeholder(value.text()));
        let prefix = mapping.get("prefix");
        if let Some(prefix) = prefix.filter(|prefix| prefix.text().starts_with("system:")) {
            faults
                .push(Fault::new(Place::at(prefix), format!("the prefix makes {part} those of the system")));
            continue;
        }
        let is_bare = match mapping.get("expression") {
            Some(expression) => !adds_literal(expression.text()),
            None => prefix.is_none_or(|prefix| prefix.text().is_empty()),
        };
        if is_bare && !refuses(part) {
            let message = format!(
                "`{part}` has no prefix, and no rule of `userValidationRules` refuses those that begin with `system:`: \
                 {danger}"
            );
            faults.push(Fault::new(Place::at(mapping), message));
        }
    }
    if let Some(url) = authenticator.at(&["issuer", "url"])
        && let Some(anybody) = shared_by(url.text())
        && authenticator.get("claimValidationRules").is_none_or(|rules| rules.items().next().is_none())
        && expressions("userValidationRules").next().is_none()
    {
        let message =
            format!("the issuer serves {anybody}, and `claimValidationRules` narrows that by no claim");
        faults.push(Fault::new(Place::at(url), message));
    }
    filled_in
}

/// Whether an expression of CEL puts a text of its own before something: `'oidc:' + claims.sub`.
fn adds_literal(expression: &str) -> bool {
    let mut rest = expression;
    while let Some(start) = rest.find(['\'', '"']) {
        let Some((quote, behind)) = rest.get(start..).and_then(|text| text.split_at_checked(1)) else {
            return false;
        };
        let Some((literal, after)) = behind.split_once(quote) else { return false };
        if !literal.is_empty() && !literal.starts_with("system:") && after.trim_start().starts_with('+') {
            return true;
        }
        rest = after;
    }
    false
}
