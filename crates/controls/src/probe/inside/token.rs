//! The token of the pod's account.

use seaworthy_probe::{Answers, Ask, Attempt, Outcome, Reply, Request, Step};
use serde_json::Value;

use super::{Inside, InsideProbe, Texts};

/// Where the kubelet puts it.
const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

pub(super) const PROBES: &[InsideProbe] = &[
    InsideProbe::new(
        "service-accounts/automount-token",
        Texts {
            asks: "the program looks for the token of the pod's account where the kubelet puts it",
            proved_by: "there is none",
            refuted_by: "there is one, whoever takes the pod over has it",
            not_fooled_by: "a file that may not be read: it is there",
            positive_control: "the state of the own process can be read",
        },
        automount,
    ),
    InsideProbe::new(
        "service-accounts/token-binding",
        Texts {
            asks: "the program reads the claims of the token of the pod's account",
            proved_by: "it is bound to this pod and lives for an hour, or a few minutes more",
            refuted_by: "it never ends, lives longer than a day, or is bound to no pod",
            not_fooled_by: "a claim `warnafter`, behind which a year is hidden",
            positive_control: "the state of the own process can be read",
        },
        binding,
    ),
];

fn steps(inside: &Inside) -> Vec<Step> {
    vec![inside.status(), Step::ask("token", Request::of_file(inside.path(TOKEN), Ask::Claims))]
}

fn automount(inside: &Inside) -> Vec<Attempt> {
    vec![inside.attempt(steps(inside), |answers| match answers.reply("token") {
        Some(Reply::Absent) => Outcome::proved("token", "no token of an account is mounted"),
        Some(Reply::Claims(claims)) => {
            Outcome::refuted("token", format!("a token is mounted: {}", described(claims)))
        }
        Some(Reply::Nonsense(_)) => Outcome::refuted("token", "a token is mounted that is no JSON web token"),
        _ => answers.inconclusive("token"),
    })]
}

fn binding(inside: &Inside) -> Vec<Attempt> {
    vec![inside.attempt(steps(inside), judge_binding)]
}

fn judge_binding(answers: &Answers) -> Outcome {
    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    let claims = match answers.reply("token") {
        Some(Reply::Absent) => return Outcome::inconclusive("token", "no token of an account is mounted"),
        Some(Reply::Claims(claims)) => claims,
        _ => return answers.inconclusive("token"),
    };
    let what = described(claims);
    let Some(life) = life(claims) else {
        return Outcome::refuted("token", format!("the token never ends: {what}"));
    };
    let pod = claims["kubernetes.io"]["pod"]["name"].as_str().is_some();
    match life {
        _ if !pod => Outcome::refuted("token", format!("the token is bound to no pod: {what}")),
        // The kubelet asks for 3607 s where extending is on, so that the API server sees that it is one of its own.
        life if life <= HOUR + 600 => Outcome::proved("token", format!("the token is short-lived: {what}")),
        life if life > DAY => Outcome::refuted("token", format!("the token outlives a day: {what}")),
        _ => Outcome::inconclusive("token", format!("between an hour and a day: {what}")),
    }
}

fn life(claims: &Value) -> Option<i64> {
    Some(claims["exp"].as_i64()? - claims["iat"].as_i64()?)
}

/// What claims say, on one line.
pub(super) fn described(claims: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let audience = match &claims["aud"] {
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(", "),
        one => text(one),
    };
    let life = life(claims).map_or_else(|| "no end".to_owned(), |life| format!("{life} s"));
    let bound = claims["kubernetes.io"]["pod"]["name"].as_str();
    let bound = bound.map_or_else(|| "bound to no pod".to_owned(), |pod| format!("bound to pod {pod}"));
    let clean: String = format!("{}, audience {audience}, {life}, {bound}", text(&claims["sub"]))
        .chars()
        .filter(|char| !char.is_control())
        .take(300)
        .collect();
    clean
}
