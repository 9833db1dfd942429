//! Nothing is proved without a positive control that holds, and by no answer that did not come.

use std::time::Duration;

use seaworthy_probe::{Answer, Answers, Attempt, Outcome, Reply, Request, Step, Subject, Verdict, expect};

fn answer(reply: Reply) -> Answer {
    Answer { at: "2026-11-21T17:00:00Z".to_owned(), took: Duration::ZERO, reply }
}

fn http(status: u16) -> Reply {
    Reply::Http { status, headers: Vec::new(), body: b"{}".to_vec(), cut: false, tls: None }
}

/// One of every kind of reply.
fn replies() -> Vec<Reply> {
    let text = || "why".to_owned();
    let mut replies = vec![
        Reply::Connected,
        Reply::Keys { keys: Vec::new(), count: 0 },
        Reply::Lines(Vec::new()),
        Reply::Files(Vec::new()),
        Reply::Refused(text()),
        Reply::Silent(text()),
        Reply::Nonsense(text()),
        Reply::NotAsked(text()),
    ];
    replies
        .extend([0, 99, 101, 200, 201, 204, 301, 302, 307, 400, 401, 403, 404, 429, 500, 503, 999].map(http));
    replies
}

/// A judge that is always sure, which no judge may be.
fn sure(verdict: fn(&'static str, &'static str) -> Outcome) -> Attempt {
    let steps = vec![
        Step::control("first", Request::get("/version"), expect::ok),
        Step::ask("tried", Request::get("/api")),
        Step::control("second", Request::get("/healthz"), expect::ok),
    ];
    Attempt::new(Subject::cluster("API server"), steps, move |_| verdict("tried", "sure"))
}

fn proved(step: &'static str, reason: &'static str) -> Outcome {
    Outcome::proved(step, reason)
}

fn refuted(step: &'static str, reason: &'static str) -> Outcome {
    Outcome::refuted(step, reason)
}

#[test]
fn nothing_follows_from_anything_without_every_positive_control() {
    for verdict in [proved, refuted] {
        let attempt = sure(verdict);
        for tried in replies() {
            for (missing, other) in [("first", "second"), ("second", "first")] {
                // Not asked at all.
                let mut answers = Answers(vec![("tried", answer(tried.clone())), (other, answer(http(200)))]);
                let outcome = attempt.judge(&answers);
                assert_eq!((outcome.verdict, outcome.step), (Verdict::Inconclusive, missing));
                // Asked, and answered by anything else than what it must be.
                for reply in replies() {
                    if matches!(reply, Reply::Http { status: 200..=299, .. }) {
                        continue;
                    }
                    answers.0.retain(|(name, _)| *name != missing);
                    answers.0.push((missing, answer(reply)));
                    let outcome = attempt.judge(&answers);
                    assert_eq!((outcome.verdict, outcome.step), (Verdict::Inconclusive, missing));
                }
            }
        }
    }
}

#[test]
fn what_did_not_come_decides_nothing() {
    let judge = |verdict: fn(&'static str, &'static str) -> Outcome, reply: Option<Reply>| {
        let mut answers = Answers(vec![("first", answer(http(200))), ("second", answer(http(200)))]);
        answers.0.extend(reply.map(|reply| ("tried", answer(reply))));
        sure(verdict).judge(&answers).verdict
    };
    for verdict in [proved, refuted] {
        assert_eq!(judge(verdict, None), Verdict::Inconclusive);
        assert_eq!(
            judge(verdict, Some(Reply::NotAsked("the budget is spent".to_owned()))),
            Verdict::Inconclusive
        );
    }
    let nothing =
        [Reply::Nonsense("?".to_owned()), http(0), http(99), http(101), http(301), http(302), http(307)];
    for reply in nothing {
        assert_eq!(judge(proved, Some(reply.clone())), Verdict::Inconclusive, "{reply}");
    }
    // What was refused with a reason of HTTP or at once may prove: its judge knows.
    for reply in [http(401), http(403), Reply::Refused("TLS alert".to_owned())] {
        assert_eq!(judge(proved, Some(reply.clone())), Verdict::Proved, "{reply}");
    }
    assert_eq!(judge(refuted, Some(http(200))), Verdict::Refuted);
}

#[test]
fn a_reason_that_quotes_a_server_is_fit_to_be_shown() {
    let attempt = Attempt::new(
        Subject::cluster("API server"),
        vec![Step::control("c", Request::get("/version"), expect::ok)],
        |answers| Outcome::refuted("c", answers.message("c")).needs(answers.message("c")),
    );
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", "x".repeat(200), "y".repeat(300));
    let body = serde_json::json!({"kind": "Status", "message": format!("\u{1b}[31mno: {token}\u{202e} {}", "long ".repeat(1000))});
    let reply = Reply::Http {
        status: 200,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
        cut: false,
        tls: None,
    };
    let outcome = attempt.judge(&Answers(vec![("c", answer(reply))]));
    for text in [outcome.reason, outcome.needs.expect("needs")] {
        assert!(text.starts_with(" [31mno: [long word]  long long"), "{text}");
        assert!(text.chars().count() < 1100, "{}", text.len());
    }
}

#[test]
#[should_panic(expected = "no positive control")]
fn an_attempt_without_a_positive_control_cannot_be_written() {
    let steps = vec![Step::ask("tried", Request::get("/api"))];
    Attempt::new(Subject::cluster("API server"), steps, |_| Outcome::proved("tried", "sure"));
}
