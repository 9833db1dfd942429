//! How much is asked, how often, how long, and by whom together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use seaworthy_probe::{
    Attempt, Endpoint, Identity, Origin, Outcome, Request, Step, Subject, Verdict, expect,
};
use seaworthy_prober::{Prober, ProberOptions};

use crate::server::{Heard, Server, answer};

/// Asks one thing, which counts as proved when it is refused.
fn refused(name: &str, path: String) -> Attempt {
    let steps = vec![
        Step::control("version", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::ask("tried", Request::get(path)),
    ];
    Attempt::new(Subject::new("Namespace", None, name), steps, |answers| match answers.status("tried") {
        Some(403) => Outcome::proved("tried", "refused"),
        _ => answers.inconclusive("tried"),
    })
}

fn many(number: usize) -> Vec<Attempt> {
    (0..number).map(|number| refused(&format!("n{number}"), format!("/api/{number}"))).collect()
}

/// A server that lets the caller in and nobody else, and what it heard.
fn orderly() -> (Server, Heard) {
    let heard = Heard::default();
    let hears = Arc::clone(&heard);
    let server = Server::tls(move |head, stream| {
        let line = head.lines().next().unwrap_or_default().to_owned();
        hears.lock().expect("heard").push(line);
        let status = if head.contains("/version") { 200 } else { 403 };
        answer(stream, status, "{}");
    });
    (server, heard)
}

fn count(heard: &Heard, what: &str) -> usize {
    heard.lock().expect("heard").iter().filter(|line| line.contains(what)).count()
}

#[test]
fn a_positive_control_that_many_share_is_asked_once() {
    let (server, heard) = orderly();
    let prober = server.prober();
    let tried = prober.carry_out(&many(50), &|_| {});
    assert!(tried.iter().all(|tried| tried.outcome.verdict == Verdict::Proved));
    assert_eq!((count(&heard, "/version"), count(&heard, "/api/")), (1, 50));
    assert_eq!(prober.requests(), 51);
}

#[test]
fn the_same_question_in_one_attempt_is_asked_anew() {
    let (server, heard) = orderly();
    let request = || Request::get("/version").by(Identity::Caller);
    let attempts: Vec<Attempt> = ["a", "b"]
        .iter()
        .map(|name| {
            let steps = vec![
                Step::control("before", request(), expect::ok),
                Step::ask("mark", Request::dry_run("/api/v1/namespaces", &serde_json::json!({"mark": name}))),
                Step::control("after", request(), expect::ok),
            ];
            Attempt::new(Subject::new("Namespace", None, name), steps, |_| Outcome::proved("mark", "counted"))
        })
        .collect();
    let prober = Prober::connect(ProberOptions { at_a_time: 1, ..server.options() }).expect("a prober");
    prober.carry_out(&attempts, &|_| {});
    let heard = heard.lock().expect("heard");
    let ends = |word: &str| heard.iter().rposition(|line| line.contains(word)).expect("heard");
    assert!(ends("/version") > ends("dryRun=All"), "{heard:?}");
}

#[test]
fn a_budget_that_is_spent_proves_nothing_more() {
    let (server, heard) = orderly();
    let prober = Prober::connect(ProberOptions { budget: 11, ..server.options() }).expect("a prober");
    let tried = prober.carry_out(&many(50), &|_| {});
    let proved = tried.iter().filter(|tried| tried.outcome.verdict == Verdict::Proved).count();
    assert_eq!((proved, heard.lock().expect("heard").len(), prober.requests()), (10, 11, 11));
    let others = tried.iter().filter(|tried| tried.outcome.verdict != Verdict::Proved);
    for tried in others {
        assert_eq!(tried.outcome.verdict, Verdict::Inconclusive);
        assert!(tried.reply.contains("raise `--budget`"), "{}", tried.reply);
    }
}

/// Asks one thing so many times, which counts as proved when it is held back.
fn burst(times: u32) -> Attempt {
    let steps = vec![
        Step::control("version", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::ask("tried", Request::get("/api")).times(times),
    ];
    Attempt::new(Subject::new("Namespace", None, "n"), steps, |answers| match answers.status("tried") {
        Some(429) => Outcome::proved("tried", "held back"),
        Some(200) => Outcome::refuted("tried", "let in"),
        _ => answers.inconclusive("tried"),
    })
}

#[test]
fn what_is_asked_many_times_ends_with_the_first_refusal() {
    const AT_ONCE: usize = 16;
    let count = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&count);
    let server = Server::tls(move |head, stream| {
        let held_back = head.contains("/api") && counts.fetch_add(1, Ordering::SeqCst) >= 40;
        answer(stream, if held_back { 429 } else { 200 }, "{}");
    });
    let tried = |times, budget| {
        count.store(0, Ordering::SeqCst);
        let options = ProberOptions { budget, ..server.options() };
        let tried = Prober::connect(options).expect("a prober").carry_out(&[burst(times)], &|_| {});
        (tried[0].outcome.verdict, count.load(Ordering::SeqCst))
    };
    let (verdict, asked) = tried(500, 1000);
    assert_eq!(verdict, Verdict::Proved);
    assert!((41..=40 + AT_ONCE).contains(&asked), "{asked}");
    // Every one of them was let in, and none was asked twice.
    assert_eq!(tried(40, 1000), (Verdict::Refuted, 40));
    // Those that the budget leaves out were not let in.
    assert_eq!(tried(40, 31), (Verdict::Inconclusive, 30));
}

#[test]
fn no_more_is_asked_in_a_second_than_was_agreed() {
    let (server, heard) = orderly();
    let mut options = server.options();
    options.cluster.requests_per_second = 10;
    let begun = Instant::now();
    Prober::connect(options).expect("a prober").carry_out(&many(40), &|_| {});
    // 41 requests: ten at once after a pause, then ten in each second.
    assert!(begun.elapsed() >= Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(heard.lock().expect("heard").len(), 41);
}

#[test]
fn when_the_time_is_over_nothing_more_is_asked() {
    let server = Server::tls(|head, stream| {
        if head.contains("/version") {
            return answer(stream, 200, "{}");
        }
        std::thread::sleep(Duration::from_secs(20));
    });
    let mut options = server.options();
    options.whole_time = Duration::from_secs(2);
    options.cluster.request_timeout = Duration::from_secs(10);
    let begun = Instant::now();
    let tried = Prober::connect(options).expect("a prober").carry_out(&many(100), &|_| {});
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(tried.len(), 100);
    assert!(tried.iter().all(|tried| tried.outcome.verdict == Verdict::Inconclusive));
    assert!(tried.iter().any(|tried| tried.reply.contains("raise `--timeout`")));
}

#[test]
fn few_ask_one_port_at_a_time() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (at_once, highest) = (Arc::clone(&now), Arc::clone(&most));
    let server = Server::tls(move |_, stream| {
        highest.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        at_once.fetch_sub(1, Ordering::SeqCst);
        answer(stream, 401, "{}");
    });
    let host = server.address.ip().to_string();
    let endpoint = Endpoint { host, port: server.address.port(), origin: Origin::Given("--at-node") };
    let attempts: Vec<Attempt> = (0..20)
        .map(|number| {
            let request = Request::get(format!("/pods/{number}")).at(&endpoint);
            let steps = vec![Step::control("pods", request, expect::http)];
            Attempt::new(Subject::cluster("kubelet"), steps, |_| Outcome::proved("pods", "refused"))
        })
        .collect();
    let prober = Prober::connect(ProberOptions { at_a_time: 20, ..server.options() }).expect("a prober");
    prober.carry_out(&attempts, &|_| {});
    assert_eq!((server.connections(), most.load(Ordering::SeqCst)), (20, 2));
}

#[test]
fn a_server_that_asks_for_patience_gets_a_little() {
    let asked = AtomicUsize::new(0);
    let server = Server::tls(move |head, stream| {
        use std::io::Write;
        if head.contains("/version") {
            return answer(stream, 200, "{}");
        }
        let often = head.contains("/api/1");
        if often || asked.fetch_add(1, Ordering::SeqCst) == 0 {
            let _ = stream.write_all(b"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        answer(stream, 403, "{}");
    });
    let prober = server.prober();
    let once = prober.carry_out(&[refused("n0", "/api/0".to_owned())], &|_| {});
    assert_eq!(once[0].outcome.verdict, Verdict::Proved, "{once:?}");
    let begun = Instant::now();
    let ever = prober.carry_out(&[refused("n1", "/api/1".to_owned())], &|_| {});
    assert_eq!(ever[0].outcome.verdict, Verdict::Inconclusive, "{ever:?}");
    let took = begun.elapsed();
    assert!((5..25).contains(&took.as_secs()), "{took:?}");
}

#[test]
fn too_many_without_a_time_is_an_answer_of_its_own() {
    let server = Server::tls(|head, stream| {
        let status = if head.contains("/version") { 200 } else { 429 };
        answer(stream, status, "{}");
    });
    let steps = vec![
        Step::control("version", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::ask("event", Request::get("/api/v1/events")),
    ];
    let attempt =
        Attempt::new(Subject::cluster("API server"), steps, |answers| match answers.status("event") {
            Some(429) => Outcome::proved("event", "limited"),
            _ => answers.inconclusive("event"),
        });
    let tried = server.prober().carry_out(&[attempt], &|_| {});
    assert_eq!((tried[0].outcome.verdict, server.connections()), (Verdict::Proved, 2));
}

#[test]
fn a_run_that_is_told_to_stop_ends_soon_and_proves_nothing_more() {
    let server = Server::tls(|_, _| std::thread::sleep(Duration::from_secs(20)));
    let mut options = server.options();
    options.cluster.request_timeout = Duration::from_secs(30);
    let prober = Prober::connect(options).expect("a prober");
    let begun = Instant::now();
    let tried = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            prober.stop();
        });
        prober.carry_out(&many(30), &|_| {})
    });
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(prober.is_stopped() && tried.len() == 30);
    assert!(tried.iter().all(|tried| tried.outcome.verdict == Verdict::Inconclusive));
}
