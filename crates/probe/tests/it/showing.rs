//! What people see of requests and answers.

use std::time::Duration;

use seaworthy_probe::{
    Answer, Ask, Endpoint, EtcdPrograms, Identity, Origin, Reply, Request, Tls, TlsVersion, Token, encode,
};

fn answer(status: u16, body: &str) -> Answer {
    let headers = vec![("set-cookie".to_owned(), "session=hunter2".to_owned())];
    let reply = Reply::Http { status, headers, body: body.as_bytes().to_vec(), cut: false, tls: None };
    Answer { at: "2026-11-21T17:00:00Z".to_owned(), took: Duration::ZERO, reply }
}

#[test]
fn a_summary_tells_statuses_kinds_and_messages_and_no_contents() {
    for (status, body, shown) in [
        (200, r#"{"kind": "Secret", "data": {"password": "aHVudGVyMg=="}}"#, "200: Secret, 56 bytes"),
        (201, r#"{"kind": "TokenRequest", "status": {"token": "hunter2"}}"#, "201: TokenRequest, 56 bytes"),
        (
            201,
            r#"{"kind": "SubjectAccessReview", "status": {"allowed": false}}"#,
            "201: SubjectAccessReview, allowed: false",
        ),
        (403, r#"{"kind": "Status", "message": "pods is forbidden"}"#, "403: pods is forbidden"),
        (200, "hunter2", "200, 7 bytes"),
        (200, r#"{"kind": "\u001b[2J\u202e"}"#, "200:  [2J , 27 bytes"),
    ] {
        assert_eq!(answer(status, body).summary(), shown);
    }
}

#[test]
fn debug_shows_no_more_than_a_summary() {
    let body = r#"{"kind": "TokenRequest", "status": {"token": "hunter2"}}"#;
    let debug = format!("{:?}", answer(201, body));
    assert!(debug.contains("201: TokenRequest"), "{debug}");
    let keys =
        Reply::Keys { keys: vec![("/registry/secrets/a/b".to_owned(), b"hunter2".to_vec())], count: 1 };
    for shown in [debug, format!("{keys:?}"), format!("{:?}", Reply::Lines(vec!["hunter2".to_owned()]))] {
        assert!(!shown.contains("hunter2") && !shown.contains("104, 117"), "{shown}");
    }
}

#[test]
fn nothing_of_others_speaks_to_a_terminal() {
    let hostile = "\u{1b}]0;title\u{7}\u{202e}\n".to_owned();
    let tls = Tls { certificates: Vec::new(), trusted: Err(hostile.clone()) };
    for reply in [
        Reply::Handshake(tls),
        Reply::Refused(hostile.clone()),
        Reply::Silent(hostile.clone()),
        Reply::Nonsense(hostile.clone()),
        Reply::NotAsked(hostile.clone()),
    ] {
        assert!(reply.to_string().chars().all(|char| !char.is_control() && char != '\u{202e}'), "{reply}");
    }
    let user = Identity::Impersonated { user: hostile.clone(), groups: vec![hostile.clone()] };
    let endpoint = Endpoint { host: hostile.clone(), port: 1, origin: Origin::Told(hostile.clone()) };
    for request in [
        Request::get(hostile.clone()).by(user).header("accept", hostile.clone()),
        Request::of_port(&endpoint, Ask::Connect),
        Request::of_port(&endpoint, Ask::Hello { version: TlsVersion::Tls12, suites: vec![1] }),
        Request::of_file(hostile, Ask::Listing),
    ] {
        let shown = request.to_string();
        assert!(shown.chars().all(|char| !char.is_control() && char != '\u{202e}'), "{shown:?}");
    }
}

#[test]
fn a_request_stands_on_one_line() {
    let endpoint = Endpoint { host: "fd00::1".to_owned(), port: 10250, origin: Origin::Given("--at-node") };
    let groups = vec!["system:nodes".to_owned()];
    let programs = EtcdPrograms { server: "/x/etcd".into(), restorer: "/x/etcdutl".into() };
    let restore = Ask::EtcdRestore { tls: true, programs, witness: "/registry/a".to_owned(), most: 1 };
    let node = Identity::Impersonated { user: "system:node:n1".to_owned(), groups };
    for (request, shown) in [
        (Request::get("/version"), "GET /version as nobody"),
        (
            Request::get("/api").by(Identity::Bearer(Token::Bogus)),
            "GET /api as the bearer of a made-up token",
        ),
        (Request::get("/api/v1/secrets").by(node), "GET /api/v1/secrets as system:node:n1 in system:nodes"),
        (Request::get("/pods").at(&endpoint), "GET https://[fd00::1]:10250/pods as nobody"),
        (Request::get("/pods").at(&endpoint).plain(), "GET http://[fd00::1]:10250/pods as nobody"),
        (Request::of_port(&endpoint, Ask::Connect), "connect to [fd00::1]:10250 as nobody"),
        (
            Request::of_file("/backups", restore.clone()),
            "restore the newest snapshot in /backups by /x/etcdutl, and read back from a private /x/etcd",
        ),
        (
            Request::of_port(&endpoint, restore),
            "gRPC Snapshot of [fd00::1]:10250, restored by /x/etcdutl, and read back from a private /x/etcd as nobody",
        ),
    ] {
        assert_eq!(request.to_string(), shown);
    }
}

#[test]
fn a_header_that_may_be_a_secret_is_named_and_not_shown() {
    let request = Request::get("/").header("authorization", "Bearer hunter2").header("x-key", "hunter2");
    assert_eq!(request.to_string(), "GET / with authorization with x-key as nobody");
    let request = Request::get("/").header("metadata-flavor", "Google");
    assert_eq!(request.to_string(), "GET / with metadata-flavor: Google as nobody");
}

#[test]
fn what_is_encoded_stays_in_its_place() {
    for (text, encoded) in [
        ("plain-Name_1.0~", "plain-Name_1.0~"),
        ("system:node:n1", "system%3Anode%3An1"),
        ("../../secrets", "..%2F..%2Fsecrets"),
        ("a b&c=d?e#f%", "a%20b%26c%3Dd%3Fe%23f%25"),
        ("ä\r\n", "%C3%A4%0D%0A"),
        ("", ""),
    ] {
        assert_eq!(encode(text), encoded);
    }
}
