//! Reading nodes by pods, from servers that play a cluster with one node, or with troubles.

use std::time::{Duration, Instant};

use seaworthy_cluster::{ClusterError, NodesGathered, NodesOptions, clean_nodes, run_nodes, show_nodes};

use crate::server::{Answer, Server};

fn options(server: &Server) -> NodesOptions {
    NodesOptions {
        cluster: server.options(),
        image: "registry.example.com/seaworthy".to_owned(),
        namespace: None,
        selector: None,
        timeout: Duration::from_secs(5),
        pull_policy: None,
        pull_secret: None,
    }
}

fn run(server: &Server, change: impl FnOnce(&mut NodesOptions)) -> Result<NodesGathered, ClusterError> {
    let mut options = options(server);
    change(&mut options);
    run_nodes(&options, &|_| {})
}

const NODES: &str = r#"{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[
    {"metadata":{"name":"n1"},"status":{"conditions":[{"type":"Ready","status":"True"}]}},
    {"metadata":{"name":"n2"},"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}},
    {"metadata":{"name":"w1"},"status":{"nodeInfo":{"operatingSystem":"windows"},"conditions":[{"type":"Ready","status":"True"}]}}]}"#;

/// A cluster whose pods are in a state, and whose logs say something.
fn cluster(status: &'static str, log: &'static str) -> Server {
    Server::start(move |path| {
        let plain = path.split('?').next().unwrap_or(path);
        Some(match plain {
            "/api/v1/nodes" => Answer::Json(NODES.to_owned()),
            path if path.ends_with("/log") => Answer::Status(200, "", log.to_owned()),
            path if path.ends_with("/pods") && !path.starts_with("POST") => {
                Answer::Json(r#"{"metadata":{},"items":[{"metadata":{"name":"left-over"}}]}"#.to_owned())
            }
            path if path.starts_with("POST") || path.starts_with("DELETE") => Answer::Json("{}".to_owned()),
            _ => Answer::Json(format!(r#"{{"kind":"Pod","status":{status}}}"#)),
        })
    })
}

fn removed(server: &Server) -> Vec<String> {
    server.asked("DELETE /api/v1/namespaces/seaworthy-nodes-")
}

#[test]
fn the_log_of_each_pod_comes_home_and_everything_is_removed() {
    let server = cluster(r#"{"phase":"Succeeded"}"#, "{\"end\":0}\n");
    let gathered = run(&server, |_| {}).expect("nodes");
    assert_eq!(gathered.nodes, [("n1".to_owned(), b"{\"end\":0}\n".to_vec())]);
    let refused: Vec<_> =
        gathered.refusals.iter().map(|refusal| (&*refusal.what, &*refusal.reason)).collect();
    assert_eq!(refused, [("node n2", "it is not ready"), ("node w1", "nodes of windows are not read")]);
    assert_eq!(server.asked("POST /api/v1/namespaces").len(), 2, "a namespace and a pod");
    let removed = removed(&server);
    assert!(removed.iter().any(|path| path.ends_with("/left-over")), "{removed:?}");
    assert!(removed.iter().any(|path| !path.contains("/pods")), "the namespace: {removed:?}");
}

#[test]
fn what_keeps_a_pod_from_running_is_told_and_removed() {
    let waiting = r#"{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ErrImagePull","message":"no such image"}}}]}"#;
    let server = cluster(waiting, "");
    let gathered = run(&server, |_| {}).expect("nodes");
    assert!(gathered.nodes.is_empty());
    let told = gathered.refusals.iter().find(|refusal| refusal.what == "node n1").expect("n1");
    assert_eq!(told.reason, "ErrImagePull: no such image");
    assert!(!removed(&server).is_empty());
}

#[test]
fn a_pod_that_never_ends_costs_the_time_limit() {
    let server = cluster(r#"{"phase":"Pending"}"#, "");
    let start = Instant::now();
    let gathered = run(&server, |options| options.timeout = Duration::from_secs(2)).expect("nodes");
    assert!(start.elapsed() < Duration::from_secs(15));
    let told = gathered.refusals.iter().find(|refusal| refusal.what == "node n1").expect("n1");
    assert_eq!(told.reason, "the pod did not end within 2 s");
    assert!(!removed(&server).is_empty());
}

#[test]
fn a_log_that_does_not_end_is_cut_off() {
    let server = Server::start(|path| {
        let plain = path.split('?').next().unwrap_or(path);
        Some(match plain {
            "/api/v1/nodes" => Answer::Json(NODES.to_owned()),
            path if path.ends_with("/log") => Answer::Endless,
            _ => Answer::Json(r#"{"items":[],"metadata":{},"status":{"phase":"Succeeded"}}"#.to_owned()),
        })
    });
    let gathered = run(&server, |_| {}).expect("nodes");
    assert!(gathered.nodes.is_empty());
    let told = gathered.refusals.iter().find(|refusal| refusal.what == "node n1").expect("n1");
    assert!(told.reason.contains("larger than 128 MiB"), "{}", told.reason);
    assert!(!removed(&server).is_empty());
}

#[test]
fn a_namespace_that_may_not_be_made_is_an_error() {
    let server = Server::start(|path| {
        Some(match path.split('?').next().unwrap_or(path) {
            "/api/v1/nodes" => Answer::Json(NODES.to_owned()),
            _ => Answer::Status(
                403,
                "content-type: application/json\r\n",
                r#"{"message":"not you"}"#.to_owned(),
            ),
        })
    });
    assert!(matches!(run(&server, |_| {}), Err(ClusterError::Server { .. })));
}

#[test]
fn in_a_namespace_of_others_only_own_pods_are_removed() {
    let server = cluster(r#"{"phase":"Succeeded"}"#, "{\"end\":0}\n");
    run(&server, |options| options.namespace = Some("ops".to_owned())).expect("nodes");
    assert!(server.asked("POST /api/v1/namespaces/ops/pods").len() == 1);
    let asked = server.asked("DELETE ");
    assert!(
        !asked.is_empty() && asked.iter().all(|path| path.starts_with("DELETE /api/v1/namespaces/ops/pods/"))
    );
    let listed = server.asked("/api/v1/namespaces/ops/pods?labelSelector=seaworthy.dev/run=seaworthy-nodes-");
    assert_eq!(listed.len(), 1, "by the label of the run");
}

#[test]
fn what_would_be_made_is_shown_and_nothing_is_made() {
    let server = cluster("{}", "");
    let text = show_nodes(&options(&server)).expect("manifests");
    assert_eq!(text.matches("\"kind\": \"Pod\"").count(), 1);
    assert!(text.contains("\"readOnly\": true") && text.contains("\"hostPID\": true"));
    assert!(!text.contains("\"privileged\": true"));
    assert!(server.asked("POST").is_empty() && server.asked("DELETE").is_empty());
}

#[test]
fn what_is_left_over_is_found_by_its_label() {
    let server = Server::start(|path| {
        Some(match path.split('?').next().unwrap_or(path) {
            "/api/v1/namespaces" => Answer::Json(
                r#"{"metadata":{},"items":[{"metadata":{"name":"seaworthy-nodes-1"}}]}"#.to_owned(),
            ),
            "/api/v1/pods" => Answer::Json(
                r#"{"metadata":{},"items":[{"metadata":{"name":"p","namespace":"ops"}}]}"#.to_owned(),
            ),
            _ => Answer::Json("{}".to_owned()),
        })
    });
    assert_eq!(clean_nodes(&server.options()).expect("cleaned"), 2);
    let asked = server.asked("DELETE ");
    assert_eq!(
        asked,
        ["DELETE /api/v1/namespaces/ops/pods/p", "DELETE /api/v1/namespaces/seaworthy-nodes-1"]
    );
    assert!(server.asked("/api/v1/pods?labelSelector=seaworthy.dev/run").len() == 1);
}
