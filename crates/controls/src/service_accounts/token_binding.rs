//! `service-accounts/token-binding`; prose and cases in `token_binding.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{
    Answer, Answers, Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, Token, encode,
    expect,
};
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading};
use crate::probe::{Ground, Probe, Right, whoami};
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
    probes: &[AUDIENCE, LIFE, EXTENDED],
};

const REQUEST: &[Right] = &[Right { group: "", resource: "serviceaccounts/token", verbs: &["create"] }];

const AUDIENCE: Probe = Probe {
    name: "audience",
    asks: "A token of a service account for the audience `seaworthy-probe`, of ten minutes, asks the API server who it is",
    proved_by: "401 `Unauthorized` of the API server",
    refuted_by: "an answer that takes the token for the account",
    not_fooled_by: "tokens that are refused anyway: a token of the same account without another audience is taken",
    positive_control: "a token of the same account for the API server asks who it is, and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::Token,
    rights: REQUEST,
    plan: plan_audience,
};

/// The account whose tokens are asked for: `default` of `default`, or the first one that is known.
fn account(ground: &Ground<'_, '_>) -> Option<(String, String)> {
    let wanted = |namespace: &str| {
        ground.namespaces.is_empty() || ground.namespaces.iter().any(|one| one == namespace)
    };
    let accounts = ground.evidence.of_kind("ServiceAccount").filter(|object| object.is("", "ServiceAccount"));
    let accounts = accounts.filter_map(|account| Some((account.namespace?, account.name)));
    let accounts =
        accounts.filter(|(namespace, _)| wanted(namespace) && !namespace.starts_with("seaworthy-probe-"));
    let first = accounts
        .min_by_key(|(namespace, name)| ((*namespace, *name) != ("default", "default"), *namespace, *name));
    first.map(|(namespace, name)| (namespace.to_owned(), name.to_owned()))
}

fn path(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{}/serviceaccounts/{}/token", encode(namespace), encode(name))
}

fn token(path: &str, spec: serde_json::Value) -> Request {
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec});
    Request::post(path, &request).by(Identity::Caller)
}

fn no_account() -> Attempt {
    let subject = Subject::cluster("API server");
    Attempt::cannot(
        subject,
        "no service account is known whose token could be asked for",
        "the right to list serviceaccounts",
    )
}

fn plan_audience(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let Some((namespace, name)) = account(ground) else { return vec![no_account()] };
    let path = path(&namespace, &name);
    let bearer = |step| whoami::request(Identity::Bearer(Token::Minted(step)));
    let steps = vec![
        Step::control("own-token", token(&path, json!({"expirationSeconds": 600})), expect::ok),
        Step::control("own", bearer("own-token"), expect::ok),
        Step::control(
            "other-token",
            token(&path, json!({"expirationSeconds": 600, "audiences": ["seaworthy-probe"]})),
            expect::ok,
        ),
        Step::ask("other", bearer("other-token")),
    ];
    let user = format!("system:serviceaccount:{namespace}:{name}");
    vec![Attempt::new(Subject::cluster("API server"), steps, move |answers| {
        if whoami::user(answers, "own").as_ref() != Some(&user) {
            return answers.inconclusive("own");
        }
        // What is shown must have another audience than the API server's.
        let other = claims(answers, "other-token").map(|claims| claims["aud"] == json!(["seaworthy-probe"]));
        if other != Some(true) {
            return answers.inconclusive("other-token");
        }
        if whoami::refused(answers, "other") {
            return Outcome::proved("other", "a token for another audience is refused");
        }
        match whoami::user(answers, "other") {
            Some(seen) if seen == user => Outcome::refuted("other", "a token for another audience is taken"),
            _ => answers.inconclusive("other"),
        }
    })]
}

const LIFE: Probe = Probe {
    name: "life",
    asks: "The caller asks for a token of a service account for a year, of an audience that nobody has",
    proved_by: "a token of a shorter life, 30 days at most",
    refuted_by: "a token for a year, which is the default",
    not_fooled_by: "what the answer says of itself: the claims of the token are read",
    positive_control: "a token for ten minutes is granted, and lives for ten minutes",
    consent: Consent::Read,
    side_effect: SideEffect::Token,
    rights: REQUEST,
    plan: plan_life,
};

const YEAR: i64 = 31_536_000;

/// The longest life that a limit may leave, in seconds: 30 days.
const LONGEST_LIMIT: i64 = 30 * 86_400;

fn plan_life(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let Some((namespace, name)) = account(ground) else { return vec![no_account()] };
    let path = path(&namespace, &name);
    let of =
        |seconds: i64| token(&path, json!({"expirationSeconds": seconds, "audiences": ["seaworthy-probe"]}));
    let ten_minutes = |answer: &Answer| match claims_of(answer).as_ref().and_then(life) {
        Some(600) => Ok(()),
        _ => Err(format!("no token of ten minutes ({})", answer.summary())),
    };
    let steps = vec![Step::control("short", of(600), ten_minutes), Step::ask("long", of(YEAR))];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        match claims(answers, "long").as_ref().and_then(life) {
            Some(seconds) if seconds >= YEAR => {
                Outcome::refuted("long", "whoever may request tokens gets one that is good for a year")
            }
            Some(seconds) if (1..=LONGEST_LIMIT).contains(&seconds) => Outcome::proved(
                "long",
                format!("instead of a year, the token lives for {} hours", seconds / 3600),
            ),
            Some(seconds) => Outcome::inconclusive(
                "long",
                format!(
                    "instead of a year, the token lives for {} days, which is long as well",
                    seconds / 86_400
                ),
            ),
            None => answers.inconclusive("long"),
        }
    })]
}

const EXTENDED: Probe = Probe {
    name: "extended",
    asks: "The caller asks for the token that a kubelet would mount: bound to a pod, for 3607 s",
    proved_by: "a token that lives for 3607 s",
    refuted_by: "a token that lives for a year, with the claim `warnafter`",
    not_fooled_by: "what the answer says of itself: the claims of the token are read. Only this very number of seconds is extended",
    positive_control: "a token for 3600 s that is bound to the same pod is granted, and lives for 3600 s",
    consent: Consent::Read,
    side_effect: SideEffect::Token,
    rights: REQUEST,
    plan: plan_extended,
};

fn plan_extended(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let subject = Subject::cluster("API server");
    let pods = ground.evidence.of_kind("Pod").filter(|object| object.is("", "Pod"));
    let pods = pods.filter_map(|pod| {
        let text =
            |path: &[&str]| pod.value.at(path).map(|value| value.text()).filter(|text| !text.is_empty());
        // A mirror pod has no account; a pod that ends gets no token.
        if text(&["metadata", "deletionTimestamp"]).is_some() {
            return None;
        }
        Some((pod.namespace?, pod.name, text(&["metadata", "uid"])?, text(&["spec", "serviceAccountName"])?))
    });
    let wanted = |namespace: &str| {
        ground.namespaces.is_empty() || ground.namespaces.iter().any(|one| one == namespace)
    };
    let Some((namespace, pod, uid, name)) = pods.filter(|(namespace, ..)| wanted(namespace)).min() else {
        let reason = "no pod is known that a token could be bound to";
        return vec![Attempt::cannot(subject, reason, "a pod with a service account")];
    };
    let path = path(namespace, name);
    let bound = |seconds: i64| {
        let reference = json!({"apiVersion": "v1", "kind": "Pod", "name": pod, "uid": uid});
        token(&path, json!({"expirationSeconds": seconds, "boundObjectRef": reference}))
    };
    let hour = |answer: &Answer| match claims_of(answer).as_ref().and_then(life) {
        Some(3600) => Ok(()),
        _ => Err(format!("no token of an hour ({})", answer.summary())),
    };
    let steps = vec![Step::control("hour", bound(3600), hour), Step::ask("mounted", bound(3607))];
    vec![Attempt::new(subject, steps, |answers| {
        let Some(claims) = claims(answers, "mounted") else { return answers.inconclusive("mounted") };
        let warns = claims.pointer("/kubernetes.io/warnafter").is_some();
        match life(&claims) {
            Some(3607) if !warns => Outcome::proved("mounted", "the token of a pod lives for an hour"),
            Some(seconds) if seconds > 86_400 => Outcome::refuted(
                "mounted",
                format!("the token of a pod is good for {} days", seconds / 86_400),
            ),
            _ => answers.inconclusive("mounted"),
        }
    })]
}

/// What the token of a step says.
fn claims(answers: &Answers, step: &str) -> Option<serde_json::Value> {
    claims_of(answers.get(step)?)
}

/// What the token in an answer says. Nobody checks its signature: the server has just made it.
fn claims_of(answer: &Answer) -> Option<serde_json::Value> {
    let answer = answer.json()?;
    let token = answer.pointer("/status/token")?.as_str()?;
    let mut text = token.split('.').nth(1)?.replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    serde_json::from_slice(&seaworthy_document::decode_base64(&text)?).ok()
}

/// For how many seconds a token is good.
fn life(claims: &serde_json::Value) -> Option<i64> {
    claims["exp"].as_i64()?.checked_sub(claims["iat"].as_i64()?)
}

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Reply};
    use serde_json::json;

    use super::{claims_of, life};

    fn answer(token: &str) -> Answer {
        let body = json!({"status": {"token": token}}).to_string().into_bytes();
        let reply = Reply::Http { status: 201, headers: Vec::new(), body, cut: false, tls: None };
        Answer { at: String::new(), took: Duration::ZERO, reply }
    }

    /// The payload of RFC 7519, section 3.1, with a time of issue: `{"iss":"joe","exp":1300819380,"iat":1300818780}`.
    #[test]
    fn the_life_of_a_token_stands_in_its_claims() {
        let token = "x.eyJpc3MiOiJqb2UiLCJleHAiOjEzMDA4MTkzODAsImlhdCI6MTMwMDgxODc4MH0.y";
        assert_eq!(claims_of(&answer(token)).as_ref().and_then(life), Some(600));
        for broken in ["", "x", "x.!.y", "x.e30.y", "x..y"] {
            assert_eq!(claims_of(&answer(broken)).as_ref().and_then(life), None, "{broken}");
        }
    }
}
