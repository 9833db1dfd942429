//! What components tell of themselves, and kubelets that do not answer.

use std::time::{Duration, Instant};

use seaworthy_evidence::{Component, Evidence, Program, Setup};

use crate::server::{Answer, Server, reasons};

const NODES: &str = r#"{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[
    {"metadata":{"name":"n1"}},{"metadata":{"name":"n2"}},{"metadata":{"name":"n3"}}]}"#;

/// As kube-apiserver v1.36.3 answers.
const FLAGZ: &str = r#"{"kind":"Flagz","apiVersion":"config.k8s.io/v1beta1","metadata":{"name":"apiserver"},
    "flags":{"anonymous-auth":"true","authorization-mode":"[Node,RBAC]","profiling":"false"}}"#;

const CONFIGZ: &str =
    r#"{"kubeletconfig":{"readOnlyPort":10255,"authentication":{"anonymous":{"enabled":false}}}}"#;

fn nodes(path: &str) -> Option<Answer> {
    path.starts_with("/api/v1/nodes?").then(|| Answer::Json(NODES.to_owned()))
}

#[test]
fn the_api_server_and_kubelets_tell_how_they_are_set() {
    let server = Server::start(|path| {
        nodes(path).or_else(|| match path {
            "/flagz" => Some(Answer::Json(FLAGZ.to_owned())),
            "/api/v1/nodes/n1/proxy/configz" => Some(Answer::Json(CONFIGZ.to_owned())),
            "/api/v1/nodes/n2/proxy/configz" => Some(Answer::Status(503, "", "no route to host".to_owned())),
            "/api/v1/nodes/n3/proxy/configz" => Some(Answer::Status(403, "", "{}".to_owned())),
            _ => None,
        })
    });
    let gathered = server.gather().unwrap();
    let evidence = Evidence::new(&gathered.files);
    let component = |program, node| -> &Component<'_> {
        let mut all = evidence.components().iter();
        all.find(|component| component.program == program && component.node() == node).unwrap()
    };
    let api_server = component(Program::ApiServer, None);
    assert_eq!(api_server.setup, Setup::Running);
    assert_eq!(api_server.flag_items("authorization-mode").count(), 2);
    assert_eq!(api_server.minor_version().map(|(minor, _)| minor), Some(36));
    let told = component(Program::Kubelet, Some("n1"));
    assert_eq!(told.field(&["readOnlyPort"]).and_then(|port| port.as_i64()), Some(10255));
    assert_eq!(component(Program::Kubelet, Some("n3")).unread(), Some("forbidden: get nodes/proxy"));
    let unreachable = component(Program::Kubelet, Some("n2")).unread().unwrap();
    assert!(unreachable.contains("503") && unreachable.contains("no route to host"), "{unreachable}");
    assert_eq!(server.asked("/api/v1/nodes/n2/").len(), 1, "who does not answer is not asked again");
    let reasons = reasons(&gathered);
    assert!(reasons.contains(&"forbidden: get nodes/proxy"), "{reasons:?}");
    assert!(!reasons.iter().any(|reason| reason.contains("is not served")), "{reasons:?}");
}

#[test]
fn kubelets_that_are_silent_or_never_end_cost_seconds() {
    let server = Server::start(|path| {
        nodes(path).or_else(|| match path {
            "/api/v1/nodes/n1/proxy/configz" => Some(Answer::Silence),
            "/api/v1/nodes/n2/proxy/configz" => Some(Answer::Endless),
            "/api/v1/nodes/n3/proxy/configz" => Some(Answer::Json("{\"kubeletconfig\": 1}".to_owned())),
            "/metrics" => Some(Answer::Status(200, "", "<html>".to_owned())),
            _ => None,
        })
    });
    let begun = Instant::now();
    let gathered = server.gather().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let evidence = Evidence::new(&gathered.files);
    let kubelets = evidence.components().iter().filter(|component| component.program == Program::Kubelet);
    let unread: Vec<_> = kubelets.map(|kubelet| kubelet.unread().unwrap_or("told")).collect();
    assert_eq!(unread.len(), 3);
    assert!(unread[0].contains("no complete answer within 5 s"), "{unread:?}");
    assert!(unread[1].contains("larger than 1 MiB"), "{unread:?}");
    assert!(unread[2].contains("malformed"), "{unread:?}");
}
