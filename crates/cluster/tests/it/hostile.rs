//! Servers that break off, say nothing, or say too much: a clear reason, the rest still read, and an end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use seaworthy_cluster::gather;

use crate::server::{Answer, Server, names, pods, reasons};

const PODS: &str = "/api/v1/pods";

#[test]
fn a_server_that_breaks_off_mid_list_leaves_what_was_read() {
    let server = Server::start(|path| match path {
        "/api/v1/pods?limit=500" => Some(pods(&["a"], "next")),
        _ if path.starts_with(PODS) => Some(Answer::Truncated),
        _ => None,
    });
    let gathered = server.gather().unwrap();
    assert!(names(&gathered.files).contains(&"/api/v1/namespaces/shop/pods/a"));
    assert!(names(&gathered.files).contains(&"/api/v1/namespaces/shop/secrets/db"));
    assert_eq!(gathered.refusals.len(), 1);
    assert!(
        gathered.refusals[0].reason.ends_with(": list pods in all namespaces"),
        "{:?}",
        gathered.refusals
    );
}

#[test]
fn a_server_that_is_gone_is_not_asked_for_ever() {
    let told = AtomicBool::new(false);
    let server = Server::start(move |path| match path {
        "/api" | "/apis" => None,
        "/version" if !told.swap(true, Ordering::SeqCst) => None,
        _ => Some(Answer::Close),
    });
    let gathered = server.gather().unwrap();
    assert_eq!(names(&gathered.files), ["collection.json", "components/kube-apiserver.json"]);
    let lists = reasons(&gathered).into_iter().filter(|reason| reason.contains(": list ")).count();
    assert_eq!(lists, 6, "{:?}", gathered.refusals);
    assert!(reasons(&gathered).iter().any(|reason| reason.contains("does not answer any more")));
}

#[test]
fn an_api_behind_the_server_that_is_gone_is_not_the_server() {
    let server = Server::start(|path| path.starts_with("/apis/").then_some(Answer::Close));
    let gathered = server.gather().unwrap();
    assert_eq!(gathered.refusals.len(), 2, "{:?}", gathered.refusals);
    assert!(!reasons(&gathered).iter().any(|reason| reason.contains("any more")));
}

#[test]
fn a_body_without_end_is_cut_off() {
    let server = Server::start(|path| path.starts_with(PODS).then_some(Answer::Endless));
    let gathered = server.gather().unwrap();
    assert_eq!(reasons(&gathered), ["the answer is larger than 64 MiB: list pods in all namespaces"]);
    assert!(names(&gathered.files).contains(&"/api/v1/namespaces/shop/secrets/db"), "the rest goes on");
}

#[test]
fn discovery_without_end_is_cut_off() {
    let server = Server::start(|path| (path == "/apis").then_some(Answer::Endless));
    let error = server.gather().unwrap_err();
    assert!(error.to_string().contains("larger than 32 MiB"), "{error}");
}

#[test]
fn silence_ends_when_time_is_up() {
    let server = Server::start(|path| path.starts_with(PODS).then_some(Answer::Silence));
    let mut options = server.options();
    options.request_timeout = Duration::from_millis(700);
    let start = Instant::now();
    let gathered = gather(&options, &|_| {}).unwrap();
    assert_eq!(reasons(&gathered), ["no complete answer within 0.7 s: list pods in all namespaces"]);
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn a_server_that_never_says_anything_is_an_error() {
    let server = Server::start(|_| Some(Answer::Silence));
    let mut options = server.options();
    options.request_timeout = Duration::from_millis(300);
    let error = gather(&options, &|_| {}).unwrap_err();
    assert!(error.to_string().contains("no complete answer within 0.3 s"), "{error}");
    assert_eq!(error.hint(), Some("give it more time with `--request-timeout`"));
}

#[test]
fn garbage_is_told_and_the_rest_is_read() {
    for garbage in [
        "{\"kind\":\"PodList\",\"items\":[{]}",
        "<html>login</html>",
        "",
        "{\"kind\":\"Status\"}",
        "[]",
        "null",
    ] {
        let server =
            Server::start(move |path| path.starts_with(PODS).then(|| Answer::Json(garbage.to_owned())));
        let gathered = server.gather().unwrap();
        assert!(
            reasons(&gathered)[0].starts_with("the answer is malformed"),
            "{garbage}: {:?}",
            gathered.refusals
        );
        assert!(names(&gathered.files).contains(&"/api/v1/namespaces/shop/secrets/db"));
    }
}

#[test]
fn nesting_without_end_does_not_end_the_program() {
    let deep = format!(
        "{{\"kind\":\"PodList\",\"items\":[{{\"metadata\":{{\"name\":\"a\"}},\"spec\":{}",
        "[".repeat(1 << 20)
    );
    let server = Server::start(move |path| path.starts_with(PODS).then(|| Answer::Json(deep.clone())));
    let gathered = server.gather().unwrap();
    assert!(reasons(&gathered)[0].contains("malformed"), "{:?}", gathered.refusals);
}

#[test]
fn names_that_are_none_are_told() {
    let server =
        Server::start(|path| path.starts_with(PODS).then(|| pods(&["../../../etc/passwd", "good"], "")));
    let gathered = server.gather().unwrap();
    assert!(names(&gathered.files).contains(&"/api/v1/namespaces/shop/pods/good"));
    assert!(!names(&gathered.files).iter().any(|name| name.contains("..")));
    assert!(reasons(&gathered)[0].contains("no name that the API allows"), "{:?}", gathered.refusals);
}

#[test]
fn values_of_secrets_are_not_kept_even_when_a_server_sends_them() {
    let sent = r#"{"kind":"SecretList","items":[{"metadata":{"name":"db","namespace":"shop"},"data":{"k":"Z2VoZWlt"}}]}"#;
    let server =
        Server::start(move |path| path.starts_with("/api/v1/secrets").then(|| Answer::Json(sent.to_owned())));
    let gathered = server.gather().unwrap();
    assert!(gathered.files.iter().all(|file| !file.stream.text().contains("Z2VoZWlt")));
    assert_eq!(
        reasons(&gathered),
        [
            "the answer is malformed: a table was asked for, and this is `SecretList`: list secrets in all namespaces"
        ]
    );
}

#[test]
fn a_certificate_of_somebody_else_is_not_accepted() {
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![key.cert.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap(),
        )
        .unwrap();
    let server = Server::with_tls(tls);
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let authority = server.folder().join("ca.crt");
    std::fs::write(&authority, other.cert.pem()).unwrap();
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters: [{{name: c, cluster: {{server: 'https://{}', \
        certificate-authority: '{}'}}}}]\nusers: [{{name: u, user: {{token: t}}}}]\n\
        contexts: [{{name: test, context: {{cluster: c, user: u}}}}]\n",
        server.address(),
        authority.display()
    );
    let error = gather(&server.options_with(&config), &|_| {}).unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(error.hint().unwrap().contains("certificate-authority-data"), "{error}");
}
