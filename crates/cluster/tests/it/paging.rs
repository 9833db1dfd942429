//! Lists in pages, and what comes in between.

use std::sync::atomic::{AtomicUsize, Ordering};

use seaworthy_evidence::{Evidence, Known};

use crate::server::{Answer, Server, names, pods, reasons};

const PODS: &str = "/api/v1/pods";

#[test]
fn an_honest_cluster_becomes_texts() {
    let server = Server::start(|_| None);
    let gathered = server.gather().unwrap();
    assert_eq!(
        names(&gathered.files),
        [
            "collection.json",
            "/api/v1/namespaces/shop/pods/web-0",
            "/api/v1/namespaces/shop/secrets/db",
            "/apis/rockets.example.com/v1/namespaces/shop/rockets/a",
            "components/kube-apiserver.json",
        ]
    );
    assert_eq!(gathered.name, "test");
    assert_eq!(gathered.version.as_deref(), Some("v1.36.3"));
    assert!(gathered.refusals.is_empty());

    let evidence = Evidence::new(&gathered.files);
    let collection = evidence.collection().unwrap();
    assert_eq!((collection.cluster(), collection.version()), ("test", Some("v1.36.3")));
    for (group, kind) in [("", "Pod"), ("", "Secret"), ("apps", "Deployment"), ("batch", "Job")] {
        assert_eq!(evidence.known(group, kind, None), Known::All, "{kind}");
    }
    assert_eq!(evidence.known("rockets.example.com", "Rocket", None), Known::NotAsked);
}

#[test]
fn pages_are_followed_with_the_token_of_the_one_before() {
    let server = Server::start(|path| match path {
        "/api/v1/pods?limit=500" => Some(pods(&["a"], "x/+=")),
        "/api/v1/pods?limit=500&continue=x%2F%2B%3D" => Some(pods(&["b"], "")),
        _ => None,
    });
    let gathered = server.gather().unwrap();
    assert!(names(&gathered.files).contains(&"/api/v1/namespaces/shop/pods/b"));
    assert_eq!(server.asked(PODS).len(), 2);
}

#[test]
fn a_list_whose_token_expired_is_read_again_from_the_start() {
    let expired = AtomicUsize::new(0);
    let server = Server::start(move |path| match path {
        "/api/v1/pods?limit=500" => Some(pods(&["a"], "next")),
        _ if path.starts_with(PODS) && expired.fetch_add(1, Ordering::SeqCst) == 0 => {
            Some(Answer::Status(410, "", r#"{"kind":"Status","message":"expired","code":410}"#.to_owned()))
        }
        _ if path.starts_with(PODS) => Some(pods(&["b"], "")),
        _ => None,
    });
    let gathered = server.gather().unwrap();
    let pods = names(&gathered.files).into_iter().filter(|name| name.contains("/pods/")).count();
    assert_eq!(pods, 2, "nothing twice: {:?}", names(&gathered.files));
    assert_eq!(server.asked(PODS).len(), 4);
    assert!(gathered.refusals.is_empty());
}

#[test]
fn a_list_that_expires_again_and_again_is_given_up() {
    let server = Server::start(|path| match path {
        "/api/v1/pods?limit=500" => Some(pods(&["a"], "next")),
        _ if path.starts_with(PODS) => Some(Answer::Status(410, "", String::new())),
        _ => None,
    });
    let gathered = server.gather().unwrap();
    assert_eq!(reasons(&gathered), ["the server answers 410: list pods in all namespaces"]);
    let evidence = Evidence::new(&gathered.files);
    assert!(matches!(evidence.known("", "Pod", None), Known::Refused(_)));
    assert_eq!(evidence.known("", "Secret", None), Known::All, "the rest goes on");
}

#[test]
fn a_busy_server_is_asked_again_when_it_says_so() {
    let refused = AtomicUsize::new(0);
    let server = Server::start(move |path| match path {
        "/api/v1/pods?limit=500" if refused.fetch_add(1, Ordering::SeqCst) < 2 => {
            Some(Answer::Status(429, "Retry-After: 1\r\n", "slow down".to_owned()))
        }
        _ => None,
    });
    let start = std::time::Instant::now();
    let gathered = server.gather().unwrap();
    assert!(gathered.refusals.is_empty());
    assert_eq!(server.asked(PODS).len(), 3);
    assert!(start.elapsed().as_secs_f32() >= 2.0, "the server asked for two seconds");
}

#[test]
fn a_server_that_is_always_busy_is_given_up() {
    let server = Server::start(|path| {
        path.starts_with(PODS).then(|| Answer::Status(429, "Retry-After: 0\r\n", "slow\ndown".to_owned()))
    });
    let gathered = server.gather().unwrap();
    assert_eq!(server.asked(PODS).len(), 6);
    assert_eq!(reasons(&gathered), ["the server answers 429: slow down: list pods in all namespaces"]);
}

#[test]
fn pages_without_end_are_noticed() {
    let server = Server::start(|path| path.starts_with(PODS).then(|| pods(&["a"], "same")));
    let gathered = server.gather().unwrap();
    assert_eq!(server.asked(PODS).len(), 2);
    assert!(reasons(&gathered)[0].contains("the same page without end"), "{:?}", reasons(&gathered));
}
