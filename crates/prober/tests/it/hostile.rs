//! Servers that hang, lie, send without end, redirect, or change their mind: everything ends in time, and proves nothing.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use seaworthy_probe::{
    Ask, Attempt, Endpoint, Identity, Origin, Outcome, Reply, Request, Step, Subject, Verdict, expect,
};
use seaworthy_prober::Tried;

use crate::server::{Authority, Server, Stream, answer, with_head};

/// An attempt as bad as one can be written: whatever is no success proves, only a 403 must say something.
fn credulous() -> Attempt {
    let steps = vec![
        Step::control("version", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::ask("anonymous", Request::get("/api")),
    ];
    Attempt::new(Subject::cluster("API server"), steps, |answers| match answers.reply("anonymous") {
        Some(Reply::Http { status: 200..=299, .. }) => Outcome::refuted("anonymous", "let in"),
        Some(Reply::Http { status: 403, .. }) if answers.message("anonymous").is_empty() => {
            answers.inconclusive("anonymous")
        }
        _ => Outcome::proved("anonymous", "whatever"),
    })
}

/// The same of a port, where a bare connection is the positive control: only a 401 proves.
fn of_port(server: &Server) -> Attempt {
    let host = server.address.ip().to_string();
    let endpoint = Endpoint { host, port: server.address.port(), origin: Origin::Given("--at-node") };
    let steps = vec![
        Step::control("connect", Request::of_port(&endpoint, Ask::Connect), expect::connected),
        Step::ask("pods", Request::get("/pods").at(&endpoint)),
        Step::ask("plain", Request::get("/pods").at(&endpoint).plain()),
    ];
    Attempt::new(Subject::cluster("kubelet"), steps, |answers| {
        // A judge may look into what came.
        let seen = ["pods", "plain"].map(|step| (answers.message(step), answers.allowed(step)));
        match (answers.status("pods"), seen) {
            (Some(401), _) => Outcome::proved("pods", "refused"),
            _ => answers.inconclusive("pods"),
        }
    })
}

/// What comes of an attempt, within the time that a hostile server can cost.
fn tried(server: &Server, attempt: Attempt) -> Tried {
    let begun = Instant::now();
    let mut tried = server.prober().carry_out(&[attempt], &|_| {});
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(tried.len(), 1);
    tried.remove(0)
}

/// Runs cases side by side: most of them wait.
fn each<T: Sync>(cases: &[T], run: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|case| scope.spawn(|| run(case))).collect();
        for one in running {
            if let Err(panic) = one.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

fn wait() {
    std::thread::sleep(Duration::from_secs(20));
}

fn send(stream: &mut impl Write, text: &str) {
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// Sends the same again and again, until nobody listens.
fn endless(stream: &mut impl Write, text: &str) {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end && stream.write_all(text.as_bytes()).is_ok() {}
}

const HEAD: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n";

type Misdeed = (&'static str, fn(&mut Stream));

type BadStart = (&'static str, fn(&mut TcpStream));

/// What a server does instead of an answer. Many begin as a refusal would.
const MISDEEDS: &[Misdeed] = &[
    ("says nothing", |_| wait()),
    ("ends the connection", |_| {}),
    ("ends in the middle of a line", |stream| send(stream, "HTTP/1.1 40")),
    ("hangs after its headers", |stream| {
        send(stream, &format!("{HEAD}Content-Length: 10\r\n\r\n"));
        wait();
    }),
    ("hangs in its headers", |stream| {
        send(stream, HEAD);
        wait();
    }),
    ("sends headers without end", |stream| {
        send(stream, HEAD);
        endless(stream, &format!("X-More: {}\r\n", "x".repeat(1000)));
    }),
    ("sends one header without end", |stream| {
        send(stream, &format!("{HEAD}X-Long: "));
        endless(stream, &"x".repeat(1000));
    }),
    ("sends ten thousand headers", |stream| {
        let many: String = (0..10_000).map(|number| format!("X-{number}: 1\r\n")).collect();
        send(stream, &format!("{HEAD}{many}Content-Length: 0\r\n\r\n"));
    }),
    ("says that there is more than it sends", |stream| {
        send(stream, &format!("{HEAD}Content-Length: 1000\r\n\r\n{{}}"));
    }),
    ("sends garbage instead of chunks", |stream| {
        send(stream, &format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n"));
    }),
    ("announces a chunk of all bytes that there are", |stream| {
        send(stream, &format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{{}}"));
        wait();
    }),
    ("has two lengths", |stream| {
        send(stream, &format!("{HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"));
    }),
    ("drips", |stream| {
        send(stream, &format!("{HEAD}Content-Length: 1000\r\n\r\n"));
        for _ in 0..40 {
            send(stream, " ");
            std::thread::sleep(Duration::from_millis(300));
        }
    }),
    ("asks to go on without end", |stream| endless(stream, "HTTP/1.1 100 Continue\r\n\r\n")),
    ("switches protocols unasked", |stream| {
        send(stream, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nxxx");
    }),
    ("has the status 99", |stream| send(stream, "HTTP/1.1 99 Odd\r\nContent-Length: 0\r\n\r\n")),
    ("has the status 1000", |stream| send(stream, "HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n")),
    ("has the status 999", |stream| send(stream, "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n")),
    ("has no number as its status", |stream| send(stream, "HTTP/1.1 abc Odd\r\nContent-Length: 0\r\n\r\n")),
    ("speaks no HTTP", |stream| send(stream, "220 mail.example.org ESMTP\r\n")),
    ("speaks HTTP/0.9", |stream| send(stream, "<html>401</html>")),
    ("speaks HTTP/2 unasked", |stream| {
        send(stream, "\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\x01");
        wait();
    }),
    ("packs its answer badly", |stream| {
        send(stream, &format!("{HEAD}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nxxxx"));
    }),
    ("refuses everybody", |stream| answer(stream, 401, r#"{"kind": "Status", "message": "Unauthorized"}"#)),
    ("is out of order", |stream| answer(stream, 503, "upstream connect error")),
    ("redirects", |stream| {
        send(stream, "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    }),
    ("nests without end", |stream| answer(stream, 403, &"[".repeat(200_000))),
    ("sends no JSON", |stream| answer(stream, 403, "{\"kind\": \"Status\", \"message\": ")),
];

#[test]
fn whatever_a_server_does_instead_of_answering_proves_nothing() {
    each(MISDEEDS, |(name, misdeed)| {
        let misdeed = *misdeed;
        let server = Server::tls(move |_, stream| misdeed(stream));
        for attempt in [credulous(), of_port(&server)] {
            let tried = tried(&server, attempt);
            // A port that refuses does so, whatever it says more.
            let refuses = ["refuses everybody", "packs its answer badly"].contains(name);
            let refuses = refuses && tried.request.contains("/pods");
            let expected = if refuses { Verdict::Proved } else { Verdict::Inconclusive };
            assert_eq!(tried.outcome.verdict, expected, "a server that {name}: {tried:?}");
        }
    });
}

#[test]
fn a_server_that_changes_its_mind_proves_nothing() {
    each(MISDEEDS, |(name, misdeed)| {
        let misdeed = *misdeed;
        let has_answered = AtomicBool::new(false);
        let server = Server::tls(move |_, stream| match has_answered.swap(true, Ordering::SeqCst) {
            false => answer(stream, 200, r#"{"major": "1"}"#),
            true => misdeed(stream),
        });
        let tried = tried(&server, credulous());
        // What is no answer at all needs no second look.
        assert!((2..=3).contains(&server.connections()), "a server that {name}: {}", server.connections());
        assert_eq!(tried.outcome.verdict, Verdict::Inconclusive, "a server that {name}: {tried:?}");
    });
}

#[test]
fn whoever_sends_without_end_is_cut_off_and_not_believed() {
    let server = Server::tls(|head, stream| {
        if head.contains("/version") {
            return answer(stream, 200, "{}");
        }
        send(
            stream,
            "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\r\n{\"kind\":\"Status\",\"message\":\"",
        );
        endless(stream, &"x".repeat(10_000));
    });
    let steps = vec![
        Step::control("version", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::ask("anonymous", Request::get("/api").most(1000)),
    ];
    let attempt = Attempt::new(Subject::cluster("API server"), steps, |answers| {
        match answers.get("anonymous").and_then(|answer| answer.message()) {
            Some(_) => Outcome::proved("anonymous", "refused with a reason"),
            None => answers.inconclusive("anonymous"),
        }
    });
    let tried = tried(&server, attempt);
    assert_eq!(tried.outcome.verdict, Verdict::Inconclusive);
    assert_eq!(tried.reply, "403, over 1000 bytes");
}

#[test]
fn redirects_are_not_followed() {
    let other = Server::tls(|_, stream| answer(stream, 200, "{}"));
    let elsewhere = other.address;
    each(&[301, 302, 303, 307, 308], |status| {
        let status = *status;
        let server = Server::tls(move |head, stream| {
            if head.contains("/version") {
                return answer(stream, 200, "{}");
            }
            let place = format!("https://{elsewhere}/api");
            send(
                stream,
                &format!("HTTP/1.1 {status} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"),
            );
        });
        assert_eq!(tried(&server, credulous()).outcome.verdict, Verdict::Inconclusive);
        assert_eq!(tried(&server, of_port(&server)).outcome.verdict, Verdict::Inconclusive);
    });
    assert_eq!(other.connections(), 0);
}

#[test]
fn handshakes_that_fail_prove_nothing() {
    let cases: &[BadStart] = &[
        ("hangs", |_| wait()),
        ("ends the connection", |_| {}),
        ("speaks no TLS", |stream| send(stream, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")),
        ("announces a long message and hangs", |stream| {
            let _ = stream.write_all(&[22, 3, 3, 0x40, 0]);
            wait();
        }),
        ("drips a hello", |stream| {
            let _ = stream.write_all(&[22, 3, 3, 0x10, 0, 2, 0, 0x0f, 0xfc]);
            for _ in 0..40 {
                let _ = stream.write_all(&[3]);
                std::thread::sleep(Duration::from_millis(300));
            }
        }),
        ("sends messages of no kind", |stream| {
            let _ = stream.write_all(&[99; 100]);
            wait();
        }),
    ];
    each(cases, |(name, misdeed)| {
        let misdeed = *misdeed;
        let server = Server::raw(&Authority::new(), move |_, mut stream| misdeed(&mut stream));
        for attempt in [credulous(), of_port(&server)] {
            let tried = tried(&server, attempt);
            assert_eq!(tried.outcome.verdict, Verdict::Inconclusive, "a server that {name}: {tried:?}");
        }
    });
}

#[test]
fn alerts_of_every_kind_prove_nothing_about_who_is_asked() {
    let numbers: Vec<u8> = (0..=255).collect();
    for some in numbers.chunks(32) {
        each(some, |number| {
            let number = *number;
            let server = Server::raw(&Authority::new(), move |_, mut stream| {
                let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, number]);
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            });
            for attempt in [credulous(), of_port(&server)] {
                let tried = tried(&server, attempt);
                assert_eq!(tried.outcome.verdict, Verdict::Inconclusive, "alert {number}: {tried:?}");
            }
        });
    }
}

#[test]
fn a_server_that_was_asked_for_the_second_http_and_speaks_none_proves_nothing() {
    let authority = Authority::new();
    let config = authority.server(false, &[b"h2"]);
    let server = Server::raw(&authority, move |_, stream| {
        with_head(Arc::clone(&config), stream, &|_, stream: &mut Stream| {
            send(stream, "HTTP/1.1 401 No\r\n\r\n");
        });
    });
    assert_eq!(tried(&server, credulous()).outcome.verdict, Verdict::Inconclusive);
}

#[test]
fn a_certificate_that_has_ended_or_changes_proves_nothing() {
    let ended = Authority::new();
    let config = ended.server(true, &[]);
    let server = Server::raw(&ended, move |_, stream| {
        with_head(Arc::clone(&config), stream, &|_, stream: &mut Stream| answer(stream, 401, "{}"));
    });
    assert_eq!(tried(&server, credulous()).outcome.verdict, Verdict::Inconclusive);

    // The second server at this address is another one, and refuses.
    let (own, other) = (Authority::new(), Authority::new());
    let configs = [own.server(false, &[]), other.server(false, &[])];
    let server = Server::raw(&own, move |number, stream| {
        let status = if number == 0 { 200 } else { 401 };
        let config = Arc::clone(&configs[number.min(1)]);
        with_head(config, stream, &|_, stream: &mut Stream| answer(stream, status, "{}"));
    });
    let tried = tried(&server, credulous());
    assert_eq!(tried.outcome.verdict, Verdict::Inconclusive, "{tried:?}");
}

#[test]
fn behind_a_proxy_ports_of_the_api_server_are_not_asked() {
    let proxy = Server::raw(&Authority::new(), |_, mut stream| {
        send(&mut stream, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    });
    let server = Server::tls(|_, stream| answer(stream, 200, "{}"));
    server.behind_proxy(proxy.address);
    let handshake = Request { ask: Ask::Certificates, ..Request::get("/") };
    let steps = vec![Step::control("handshake", handshake, expect::tls)];
    let attempt = Attempt::new(Subject::cluster("API server"), steps, |_| Outcome::proved("handshake", "?"));
    let direct = tried(&server, attempt);
    assert_eq!(direct.outcome.verdict, Verdict::Inconclusive);
    assert!(direct.reply.contains("a proxy stands before the API server"), "{}", direct.reply);
    assert_eq!(tried(&server, credulous()).outcome.verdict, Verdict::Inconclusive);
    assert_eq!(server.connections(), 0, "everything goes through the proxy");
}

#[test]
fn what_a_cluster_tells_of_this_machine_is_not_asked() {
    let server = Server::tls(|_, stream| answer(stream, 200, "{}"));
    for host in ["127.0.0.1", "::ffff:127.0.0.1", "localhost", "169.254.169.254"] {
        let origin = Origin::Told("Node n1".to_owned());
        let endpoint = Endpoint { host: host.to_owned(), port: server.address.port(), origin };
        let steps =
            vec![Step::control("connect", Request::of_port(&endpoint, Ask::Connect), expect::connected)];
        let attempt =
            Attempt::new(Subject::cluster("kubelet"), steps, |_| Outcome::refuted("connect", "open"));
        let tried = tried(&server, attempt);
        assert_eq!(tried.outcome.verdict, Verdict::Inconclusive);
        assert!(tried.reply.starts_with("not asked"), "{}", tried.reply);
    }
    assert_eq!(server.connections(), 0);
}
