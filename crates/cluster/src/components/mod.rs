//! What running components say of themselves: their flags and their configuration, as they are in force.
//!
//! The API server is asked at its own paths, kubelets through it (`nodes/proxy`). The scheduler and the controller-manager
//! listen on loopback and do not take the credentials of whoever asks through the API server, so that asking them would
//! need a wide right (`pods/proxy`) and tell nothing: their pods say how they were started.

mod flagz;
mod metrics;
mod redact;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use seaworthy_document::Stream;
use seaworthy_evidence::SourceFile;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::error::{Fault, shortened};
use crate::session::{Ask, Session};

/// Paths of the API server that are asked for besides objects.
pub(crate) const PATHS: &[&str] = &["/flagz", "/metrics", "/statusz"];

/// Kubelets that are asked at a time.
const AT_A_TIME: usize = 8;

/// How long a kubelet may take: those of nodes that are gone must not hold up the scan.
const KUBELET_TIME: Duration = Duration::from_secs(5);

/// Most bytes of flags, of a state, of a configuration.
const LARGEST: usize = 1 << 20;

/// Most bytes of metrics: large clusters have tens of megabytes.
const LARGEST_METRICS: usize = 64 << 20;

/// What is told of a path that is not there.
const NOT_SERVED: &str = "is not served";

/// `/flagz` as an object, in the newest version that the server knows, else as text (before v1.35).
const FLAGZ: &str = "application/json;v=v1beta1;g=config.k8s.io;as=Flagz, \
     application/json;v=v1alpha1;g=config.k8s.io;as=Flagz, text/plain";

/// `/statusz`, likewise.
const STATUSZ: &str = "application/json;v=v1beta1;g=config.k8s.io;as=Statusz, \
     application/json;v=v1alpha1;g=config.k8s.io;as=Statusz, text/plain";

/// What components told, each in a text, a `ComponentReading`.
pub(crate) struct Components {
    pub(crate) files: Vec<SourceFile>,
    /// What could not be read: of which component, why, and of how many.
    pub(crate) refused: BTreeMap<(&'static str, String), usize>,
}

impl Components {
    fn add(&mut self, read: Read) {
        for error in read.errors {
            *self.refused.entry((read.program, error)).or_default() += 1;
        }
        self.files.push(read.file);
    }
}

/// What one component told.
struct Read {
    program: &'static str,
    file: SourceFile,
    /// Why its settings are not known, the same for all components that have the same reason.
    errors: Vec<String>,
}

/// Asks the API server and the kubelets of these nodes.
pub(crate) async fn read(
    session: &Arc<Session>,
    version: Option<&str>,
    nodes: &[String],
    at: &str,
) -> Components {
    let mut components = Components { files: Vec::new(), refused: BTreeMap::new() };
    components.add(api_server(session, version, at).await);
    let mut waiting: VecDeque<(usize, String)> = nodes.iter().cloned().enumerate().collect();
    let mut running = JoinSet::new();
    let mut kubelets = Vec::with_capacity(waiting.len());
    loop {
        while running.len() < AT_A_TIME
            && let Some((index, node)) = waiting.pop_front()
        {
            let session = Arc::clone(session);
            let at = at.to_owned();
            running.spawn(async move { (index, kubelet(&session, &node, &at).await) });
        }
        match running.join_next().await {
            Some(Ok(read)) => kubelets.push(read),
            // A task that panics is a defect of ours, and must not look like a kubelet that is silent.
            Some(Err(error)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => unreachable!("nobody cancels readings: {error}"),
            },
            None => break,
        }
    }
    kubelets.sort_by_key(|(index, _)| *index);
    kubelets.into_iter().for_each(|(_, read)| components.add(read));
    components
}

async fn api_server(session: &Session, version: Option<&str>, at: &str) -> Read {
    let get = async |path: &str, accept: &str, most: usize| {
        let answer = session.get(Ask { path, accept, most, patient: true }).await;
        answer.map_err(|fault| refusal(&fault, path, &format!("get {path}")))
    };
    let mut readings = Vec::new();
    match get("/flagz", FLAGZ, LARGEST).await.and_then(|body| flagz::flags(&body)) {
        Ok(flags) => readings.push(json!({"from": "/flagz", "flags": flags})),
        Err(error) => readings.push(json!({"from": "/flagz", "error": error})),
    }
    if let Some(version) = version {
        readings.push(json!({"from": "/version", "version": version}));
    }
    match get("/statusz", STATUSZ, LARGEST).await {
        Ok(body) => readings.push(status(&body)),
        Err(error) => readings.push(json!({"from": "/statusz", "error": error})),
    }
    match get("/metrics", "text/plain", LARGEST_METRICS).await {
        Ok(body) => readings.push(metrics::reading(&body)),
        Err(error) => readings.push(json!({"from": "/metrics", "error": error})),
    }
    written("kube-apiserver", None, at, readings)
}

async fn kubelet(session: &Session, node: &str, at: &str) -> Read {
    let base = format!("/api/v1/nodes/{node}/proxy");
    let get = async |path: &str, accept: &str| {
        let ask = Ask { path, accept, most: LARGEST, patient: false };
        let answer = timeout(KUBELET_TIME, session.get(ask)).await;
        let answer = answer.unwrap_or(Err(Fault::Slow(KUBELET_TIME)));
        answer.map_err(|fault| (refusal(&fault, path, "get nodes/proxy"), silences(&fault)))
    };
    let mut readings = Vec::new();
    let path = format!("{base}/configz");
    let mut silent = false;
    match get(&path, "application/json").await {
        Ok(body) => match configuration(&body) {
            Ok(configuration) => readings.push(json!({"from": path, "configuration": configuration})),
            Err(error) => readings.push(json!({"from": path, "error": error})),
        },
        Err((error, silences)) => {
            silent = silences;
            readings.push(json!({"from": path, "error": error}));
        }
    }
    // A kubelet that is gone costs its time once.
    if !silent {
        let path = format!("{base}/flagz");
        let flags = get(&path, FLAGZ).await.map_err(|(error, _)| error).and_then(|body| flagz::flags(&body));
        readings.push(match flags {
            Ok(flags) => json!({"from": path, "flags": flags}),
            Err(error) => json!({"from": path, "error": error}),
        });
    }
    written("kubelet", Some(node), at, readings)
}

/// Whether what went wrong with one path goes wrong with all of them.
fn silences(fault: &Fault) -> bool {
    !matches!(fault, Fault::Status { code: 404 | 406, .. } | Fault::TooLarge(_) | Fault::Malformed(_))
}

/// What is told of a request that failed: the right that is missing, or what happened.
fn refusal(fault: &Fault, path: &str, right: &str) -> String {
    match fault {
        Fault::Status { code: 403, .. } => format!("forbidden: {right}"),
        Fault::Status { code: 404, .. } => format!("`{path}` {NOT_SERVED}"),
        fault => shortened(&format!("`{path}`: {fault}")),
    }
}

/// The configuration in what `/configz` answers: `{"kubeletconfig": {…}}`.
fn configuration(body: &[u8]) -> Result<Value, String> {
    let malformed = |what: String| shortened(&format!("the configuration is malformed: {what}"));
    let mut answer: Value = serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))?;
    let Some(Value::Object(mut configuration)) = answer.get_mut("kubeletconfig").map(Value::take) else {
        return Err(malformed("it has no `kubeletconfig`".to_owned()));
    };
    // The kubelet leaves out what it is.
    configuration.entry("apiVersion").or_insert_with(|| json!("kubelet.config.k8s.io/v1beta1"));
    configuration.entry("kind").or_insert_with(|| json!("KubeletConfiguration"));
    redact::configuration(&mut configuration);
    Ok(Value::Object(configuration))
}

/// What `/statusz` tells: the version of the program.
fn status(body: &[u8]) -> Value {
    let from = "/statusz";
    let text = String::from_utf8_lossy(body);
    let version = match serde_json::from_slice::<Map<String, Value>>(body) {
        Ok(status) => status.get("binaryVersion").and_then(Value::as_str).map(str::to_owned),
        Err(_) => text.lines().find_map(|line| flagz::value_of(line, "Binary version")).map(str::to_owned),
    };
    match version {
        Some(version) => {
            json!({"from": from, "version": format!("v{}", shortened(&version).trim_start_matches('v'))})
        }
        None => json!({"from": from, "error": "the answer names no version"}),
    }
}

fn written(program: &'static str, node: Option<&str>, at: &str, readings: Vec<Value>) -> Read {
    let errors = readings.iter().filter_map(|reading| reading.get("error")?.as_str());
    // What an older program does not know is no refusal.
    let errors = errors.filter(|error| !error.ends_with(NOT_SERVED));
    // Names of nodes in paths would make each reason another one.
    let errors = errors.map(|error| match node {
        Some(node) => error.replace(&format!("/nodes/{node}/"), "/nodes/…/"),
        None => error.to_owned(),
    });
    let mut errors: Vec<String> = errors.collect();
    errors.dedup();
    let name = node.map_or_else(|| program.to_owned(), |node| format!("{program}@{node}"));
    let mut reading = json!({
        "apiVersion": "seaworthy.dev/v1alpha1",
        "kind": "ComponentReading",
        "metadata": {"name": name},
        "program": program,
        "at": at,
        "readings": readings,
    });
    if let Some(node) = node {
        reading["node"] = json!(node);
    }
    // A value of serde_json can always be written.
    let file = SourceFile::new(format!("components/{name}.json"), Stream::read(format!("{reading:#}")));
    Read { program, file, errors }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_names_the_version_in_both_forms() {
        let json = br#"{"kind":"Statusz","apiVersion":"config.k8s.io/v1beta1","binaryVersion":"1.36"}"#;
        assert_eq!(status(json)["version"], "v1.36");
        // As the API server v1.36.3 and its scheduler answered.
        assert_eq!(
            status(b"\napiserver statusz\n\nGo version  go1.26.8\nBinary version  1.36\n")["version"],
            "v1.36"
        );
        assert_eq!(status(b"\nkube-scheduler statusz\n\nBinary version:  1.36\n")["version"], "v1.36");
        assert!(status(b"<html>")["error"].is_string());
    }

    #[test]
    fn a_configuration_says_what_it_is_and_keeps_no_credentials() {
        let body =
            br#"{"kubeletconfig":{"readOnlyPort":10255,"staticPodURLHeader":{"Authorization":["geheim"]}}}"#;
        let read = configuration(body).unwrap();
        assert_eq!(read["kind"], "KubeletConfiguration");
        assert_eq!(read["readOnlyPort"], 10255);
        assert!(!read.to_string().contains("geheim"));
        for bad in ["", "[]", "{}", r#"{"kubeletconfig": 1}"#, "<html>"] {
            assert!(configuration(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_names_the_right() {
        let fault = Fault::Status { code: 403, message: "nodes \"n1\" is forbidden".to_owned() };
        assert_eq!(refusal(&fault, "/x", "get nodes/proxy"), "forbidden: get nodes/proxy");
        assert!(silences(&fault) && silences(&Fault::Slow(KUBELET_TIME)));
        assert!(
            !silences(&Fault::Status { code: 404, message: String::new() }),
            "older kubelets have no flagz"
        );
    }
}
