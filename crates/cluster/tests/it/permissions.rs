//! Half the permissions, some namespaces, old servers.

use seaworthy_cluster::{ClusterOptions, Rights, gather, rights};
use seaworthy_evidence::{Evidence, Known};

use crate::server::{Answer, Server, names, reasons};

const FORBIDDEN: &str = r#"{"kind":"Status","status":"Failure","message":"secrets is forbidden: User \"u\" cannot list","reason":"Forbidden","code":403}"#;

#[test]
fn what_is_forbidden_is_told_and_known_to_be_missing() {
    let server = Server::start(|path| {
        path.starts_with("/api/v1/secrets").then(|| Answer::Status(403, "", FORBIDDEN.to_owned()))
    });
    let gathered = server.gather().unwrap();
    assert_eq!(reasons(&gathered), ["forbidden: list secrets in all namespaces"]);
    assert!(gathered.refusals[0].forbidden);
    assert_eq!(server.asked("/api/v1/secrets").len(), 1, "a refusal is not argued with");
    let evidence = Evidence::new(&gathered.files);
    assert_eq!(
        evidence.known("", "Secret", Some("shop")),
        Known::Refused("forbidden: list secrets in all namespaces")
    );
    assert_eq!(evidence.known("", "Pod", None), Known::All);
}

#[test]
fn wrong_credentials_are_an_error() {
    let server = Server::start(|_| Some(Answer::Status(401, "", String::new())));
    let error = server.gather().unwrap_err();
    assert!(error.to_string().ends_with("the server does not accept the credentials"), "{error}");
    assert_eq!(error.hint(), Some("the credentials of the context are wrong or have expired"));
}

#[test]
fn only_namespaces_that_are_named_are_asked_for() {
    let server = Server::start(|path| match path {
        "/api/v1/namespaces/shop" => {
            Some(Answer::Json(r#"{"kind":"Namespace","metadata":{"name":"shop"}}"#.to_owned()))
        }
        "/api/v1/namespaces/db" => Some(Answer::Status(403, "", FORBIDDEN.to_owned())),
        "/api/v1/namespaces/shop/secrets?limit=500" => Some(Answer::Status(403, "", FORBIDDEN.to_owned())),
        "/api/v1/namespaces/db/secrets?limit=500" => {
            Some(Answer::Json(r#"{"kind":"Table","rows":[]}"#.to_owned()))
        }
        _ => None,
    });
    let options = ClusterOptions { namespaces: vec!["shop".to_owned(), "db".to_owned()], ..server.options() };
    let gathered = gather(&options, &|_| {}).unwrap();
    assert!(names(&gathered.files).contains(&"/api/v1/namespaces/shop"));
    assert!(server.asked("/api/v1/pods").is_empty());
    assert_eq!(server.asked("/api/v1/nodes").len(), 1, "what is in no namespace is asked for all the same");
    assert_eq!(
        reasons(&gathered),
        ["forbidden: get namespaces db", "forbidden: list secrets in namespace shop"]
    );
    let evidence = Evidence::new(&gathered.files);
    assert_eq!(evidence.known("", "Pod", Some("db")), Known::All);
    assert!(matches!(evidence.known("", "Pod", Some("other")), Known::Refused(_)));
    assert_eq!(
        evidence.known("", "Secret", Some("shop")),
        Known::Refused("forbidden: list secrets in namespace shop")
    );
    assert_eq!(evidence.known("", "Secret", Some("db")), Known::All);
}

#[test]
fn a_namespace_that_is_not_there_is_an_error() {
    let server = Server::start(|path| {
        (path == "/api/v1/namespaces/shpo").then(|| Answer::Status(404, "", String::new()))
    });
    let options = ClusterOptions { namespaces: vec!["shpo".to_owned()], ..server.options() };
    let error = gather(&options, &|_| {}).unwrap_err();
    assert_eq!(error.to_string(), "the cluster has no namespace `shpo`");
    let options = ClusterOptions { namespaces: vec!["../nodes".to_owned()], ..server.options() };
    assert!(gather(&options, &|_| {}).is_err());
}

#[test]
fn servers_without_aggregated_discovery_are_asked_group_by_group() {
    let server = Server::start(|path| {
        let answer = match path {
            "/api" => r#"{"kind":"APIVersions","versions":["v1"]}"#,
            "/api/v1" => {
                r#"{"kind":"APIResourceList","resources":[
                {"name":"pods","kind":"Pod","namespaced":true,"verbs":["list"]},
                {"name":"pods/log","kind":"Pod","namespaced":true,"verbs":["get"]},
                {"name":"bindings","kind":"Binding","namespaced":true,"verbs":["create"]}]}"#
            }
            "/apis" => {
                r#"{"kind":"APIGroupList","groups":[
                {"name":"batch","versions":[{"version":"v1beta1"},{"version":"v1"}],"preferredVersion":{"version":"v1"}},
                {"name":"metrics.k8s.io","versions":[{"version":"v1"}],"preferredVersion":{"version":"v1"}}]}"#
            }
            "/apis/batch/v1" | "/apis/batch/v1beta1" => {
                r#"{"kind":"APIResourceList","resources":[
                {"name":"cronjobs","kind":"CronJob","namespaced":true,"verbs":["list"]}]}"#
            }
            "/apis/metrics.k8s.io/v1" => return Some(Answer::Status(404, "", String::new())),
            _ => return None,
        };
        Some(Answer::Json(answer.to_owned()))
    });
    let gathered = server.gather().unwrap();
    assert_eq!(server.asked("/apis/batch/v1/cronjobs").len(), 1, "{:?}", server.asked("/"));
    assert!(server.asked("/apis/batch/v1beta1/cronjobs").is_empty());
    assert_eq!(reasons(&gathered), ["the server does not tell what the group holds: metrics.k8s.io"]);
    let evidence = Evidence::new(&gathered.files);
    assert_eq!(evidence.known("metrics.k8s.io", "NodeMetrics", None), Known::NotAsked);
    assert_eq!(evidence.known("", "Secret", None), Known::All, "the server has no such kind");
}

#[test]
fn rights_are_those_of_what_is_asked_for() {
    let server = Server::start(|_| None);
    let text = rights(&server.options(), Rights::OfThisCluster).unwrap();
    assert!(text.contains("- apiGroups: [\"rockets.example.com\"]\n  resources:\n  - rockets\n"), "{text}");
    assert!(text.contains("  - secrets\n") && !text.contains("ingresses"), "{text}");
    assert!(!text.contains("watch]") && !text.contains('*') || text.contains("/apis/*"), "{text}");

    let options = ClusterOptions { secrets: false, custom_resources: false, ..server.options() };
    let text = rights(&options, Rights::OfThisCluster).unwrap();
    assert!(!text.contains("rockets") && !text.contains("secrets"), "{text}");
    let text = rights(&options, Rights::OfEveryCluster).unwrap();
    assert!(text.contains("ingresses") && !text.contains("secrets"), "{text}");
}
