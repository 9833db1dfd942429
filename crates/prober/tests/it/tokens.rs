//! Tokens go where they must, nowhere else, and into no report: not even when a server sends them back.

use std::fs;
use std::sync::Arc;

use data_encoding::BASE64;
use seaworthy_probe::{
    Answer, Ask, Attempt, Consent, Endpoint, Identity, Origin, Outcome, Request, Step, Subject, Token,
    Verdict, expect,
};
use seaworthy_prober::{Credentials, Prober, ProberOptions};

use crate::server::{Authority, CALLERS_TOKEN, Heard, Server, answer, with_head};

const MINTED: &str = "minted-9d8c7b6a5f4e3d2c1b0a-canary";
const OF_SECRET: &str = "secret-0a1b2c3d4e5f6a7b8c9d-canary";

/// A server that hands out tokens, and sends back every credential that it is shown wherever it can.
fn parrot(heard: &Heard) -> impl Fn(&str, &mut crate::server::Stream) + Send + Sync + use<> {
    let heard = Arc::clone(heard);
    move |head, stream| {
        heard.lock().expect("heard").push(head.to_owned());
        let shown = head
            .lines()
            .filter_map(|line| line.split_once("earer "))
            .map(|(_, token)| token.to_owned())
            .collect::<String>();
        let line = head.lines().next().unwrap_or_default();
        if line.contains("/version") {
            return answer(stream, 200, r#"{"kind": "Version"}"#);
        }
        if line.contains("/token") {
            let body = serde_json::json!({"kind": "TokenRequest", "status": {"token": MINTED}});
            return answer(stream, 201, &body.to_string());
        }
        if line.starts_with("GET") && line.contains("/secrets/") {
            let body =
                serde_json::json!({"kind": "Secret", "data": {"token": BASE64.encode(OF_SECRET.as_bytes())}});
            return answer(stream, 200, &body.to_string());
        }
        let body = serde_json::json!({
            "kind": "Status", "message": format!("I do not like `{shown}` nor {MINTED} nor {OF_SECRET}"),
        });
        answer(stream, 403, &body.to_string());
    }
}

fn caller(request: Request) -> Request {
    request.by(Identity::Caller)
}

/// An attempt that shows both kinds of tokens, and quotes what comes.
fn with_tokens(place: Option<&Endpoint>) -> Attempt {
    let there = |request: Request| match place {
        Some(place) => request.at(place),
        None => request,
    };
    let review = serde_json::json!({"kind": "TokenRequest"});
    let mint = Request::post("/api/v1/namespaces/x/serviceaccounts/y/token", &review);
    let secret = serde_json::json!({"kind": "Secret", "metadata": {"name": "canary"}});
    let steps = vec![
        Step::control("version", caller(Request::get("/version")), expect::ok),
        Step::control("mint", caller(mint), expect::ok),
        Step::control("secret", caller(Request::get("/api/v1/namespaces/x/secrets/y")), expect::ok),
        Step::ask("create", caller(Request::create("/api/v1/namespaces/x/secrets", "canary", &secret))),
        Step::ask("minted", there(Request::get("/api/1").by(Identity::Bearer(Token::Minted("mint"))))),
        Step::ask("of-secret", there(Request::get("/api/2").by(Identity::Bearer(Token::OfSecret("secret"))))),
        Step::ask("caller", caller(Request::get("/api/3"))),
    ];
    Attempt::new(Subject::cluster("API server"), steps, |answers| {
        let said = ["create", "minted", "of-secret", "caller"].map(|step| answers.message(step)).join("; ");
        // Whoever debugs a probe prints everything.
        Outcome::refuted("minted", format!("{said} {answers:?}")).needs(said)
    })
}

/// That nothing secret stands in a text.
fn harmless(text: &str) {
    for secret in [MINTED, OF_SECRET, CALLERS_TOKEN, &BASE64.encode(OF_SECRET.as_bytes())] {
        assert!(!text.contains(secret), "{secret} stands in {text}");
    }
}

fn options(server: &Server) -> ProberOptions {
    ProberOptions { consent: Consent::Canary, ..server.options() }
}

#[test]
fn no_token_reaches_a_report_or_a_ledger() {
    let heard = Heard::default();
    let server = Server::tls(parrot(&heard));
    let options = options(&server);
    let state = options.state.clone().expect("a folder");
    let attempt = with_tokens(None);
    harmless(&format!("{attempt:?}"));
    for step in attempt.steps() {
        harmless(&step.request.to_string());
    }
    let prober = Prober::connect(options.clone()).expect("a prober");
    let tried = prober.carry_out(&[attempt], &|_| {});
    harmless(&format!("{tried:?} {options:?} {:?}", prober.left()));
    assert!(tried[0].outcome.reason.contains("I do not like `[token]` nor [token]"), "{tried:?}");
    // The tokens have been sent: otherwise this would show nothing.
    let heard = heard.lock().expect("heard").join("\n");
    for secret in [MINTED, OF_SECRET, CALLERS_TOKEN] {
        assert!(heard.contains(secret), "{secret}");
    }
    for file in fs::read_dir(state).expect("a folder").flatten() {
        harmless(&fs::read_to_string(file.path()).expect("a ledger"));
    }
}

#[test]
fn a_token_is_not_sent_to_a_server_that_nobody_vouches_for() {
    let heard = Heard::default();
    let server = Server::tls(parrot(&heard));
    let unheard = Heard::default();
    let other = Server::tls(parrot(&unheard));
    let host = other.address.ip().to_string();
    let place = Endpoint { host, port: other.address.port(), origin: Origin::Given("--at-node") };
    let prober = Prober::connect(options(&server)).expect("a prober");
    let tried = prober.carry_out(&[with_tokens(Some(&place))], &|_| {});
    assert!(unheard.lock().expect("heard").is_empty());
    assert_eq!(tried[0].outcome.verdict, Verdict::Inconclusive);
    assert!(tried[0].reply.contains("nobody vouches for"), "{}", tried[0].reply);
    assert!(other.connections() > 0);
}

/// Who holds the key of etcd's authority could otherwise pretend to be a kubelet, a scheduler or the API server.
#[test]
fn the_authority_of_etcd_vouches_for_etcd_alone() {
    let heard = Heard::default();
    let server = Server::tls(parrot(&heard));
    let unheard = Heard::default();
    let authority = Authority::new();
    let config = authority.server(false, &[]);
    let serve = parrot(&unheard);
    let other = Server::raw(&authority, move |_, stream| with_head(Arc::clone(&config), stream, &serve));
    let at = |flag| {
        let host = other.address.ip().to_string();
        Endpoint { host, port: other.address.port(), origin: Origin::Given(flag) }
    };
    let seen = |prober: &Prober, flag| {
        let place = at(flag);
        let steps =
            vec![Step::control("handshake", Request::of_port(&place, Ask::Certificates), expect::tls)];
        let attempt = Attempt::new(Subject::cluster("port"), steps, |answers| {
            Outcome::inconclusive(
                "handshake",
                answers.get("handshake").map(Answer::summary).unwrap_or_default(),
            )
        });
        prober.carry_out(&[attempt], &|_| {})[0].outcome.reason.clone()
    };
    let credentials =
        Credentials { etcd_authority: Some(authority.pem.into_bytes()), ..Credentials::default() };
    let prober = Prober::connect(ProberOptions { credentials, ..options(&server) }).expect("a prober");
    for flag in ["--at-node", "--node", "--scheduler", "--controller-manager", "the kubeconfig"] {
        assert!(seen(&prober, flag).contains("not trusted"), "{flag}");
        let tried = prober.carry_out(&[with_tokens(Some(&at(flag)))], &|_| {});
        assert!(tried[0].reply.contains("nobody vouches for"), "{flag}: {}", tried[0].reply);
    }
    for flag in ["--etcd", "--etcd-peer"] {
        let seen = seen(&prober, flag);
        assert!(seen.contains(", trusted"), "{flag}: {seen}");
        // And no token goes to etcd at all, whoever vouches for it.
        let tried = prober.carry_out(&[with_tokens(Some(&at(flag)))], &|_| {});
        assert!(tried[0].reply.contains("etcd knows certificates alone"), "{flag}: {}", tried[0].reply);
    }
    assert!(unheard.lock().expect("heard").is_empty());
}

#[test]
fn nor_without_tls() {
    let unheard = Heard::default();
    let hears = Arc::clone(&unheard);
    let plain = Server::raw(&Authority::new(), move |_, mut stream| {
        use std::io::Read;
        let mut bytes = [0; 4096];
        let size = stream.read(&mut bytes).unwrap_or_default();
        hears.lock().expect("heard").push(String::from_utf8_lossy(&bytes[..size]).into_owned());
        answer(&mut stream, 200, "{}");
    });
    let host = plain.address.ip().to_string();
    let place = Endpoint { host, port: plain.address.port(), origin: Origin::Given("--at-node") };
    let server = Server::tls(|_, stream| answer(stream, 200, "{}"));
    let steps = vec![
        Step::control("version", caller(Request::get("/version")), expect::ok),
        Step::ask("bogus", Request::get("/api").by(Identity::Bearer(Token::Bogus)).at(&place).plain()),
        Step::ask("caller", caller(Request::get("/api")).at(&place).plain()),
        Step::ask("caller-tls", caller(Request::get("/api")).at(&place)),
    ];
    let attempt = Attempt::new(Subject::cluster("kubelet"), steps, |_| Outcome::refuted("caller", "sent"));
    let tried = server.prober().carry_out(&[attempt], &|_| {});
    assert_eq!(tried[0].outcome.verdict, Verdict::Inconclusive);
    let unheard = unheard.lock().expect("heard").join("\n");
    assert!(!unheard.contains("earer"), "{unheard}");
}

#[test]
fn nor_where_the_kubeconfig_does_not_look_who_it_is() {
    let heard = Heard::default();
    let authority = Authority::new();
    let config = authority.server(false, &[]);
    let serve = parrot(&heard);
    // The kubeconfig knows another authority, and does not look.
    let server =
        Server::raw(&Authority::new(), move |_, stream| with_head(Arc::clone(&config), stream, &serve));
    let text = fs::read_to_string(server.kubeconfig()).expect("a kubeconfig");
    let (before, _) = text.split_once("    certificate-authority").expect("an authority");
    fs::write(server.kubeconfig(), format!("{before}    insecure-skip-tls-verify: true\n")).expect("a file");
    let prober = Prober::connect(options(&server)).expect("a prober");
    let tried = prober.carry_out(&[with_tokens(None)], &|_| {});
    assert_eq!(tried[0].outcome.verdict, Verdict::Inconclusive);
    let heard = heard.lock().expect("heard").join("\n");
    assert!(heard.contains(CALLERS_TOKEN), "whoever wrote the kubeconfig wants that");
    assert!(!heard.contains(MINTED) && !heard.contains(OF_SECRET), "{heard}");
}
