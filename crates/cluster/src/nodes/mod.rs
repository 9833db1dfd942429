//! Reading nodes by pods: one on each node, its log brought home, everything removed again.

mod api;
mod pod;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use self::api::Api;
use self::pod::{Progress, Template};
use crate::connect;
use crate::error::{ClusterError, Fault, shortened};
use crate::gather::{Refusal, run};
use crate::options::ClusterOptions;

/// Pods that are under way at a time.
const AT_A_TIME: usize = 20;

/// Most nodes of a cluster; Kubernetes is made for 5000.
const MAX_NODES: usize = 10_000;

/// Longest log of a pod.
const MAX_LOG: usize = 128 << 20;

/// How often a pod is asked how far it is.
const PAUSE: Duration = Duration::from_millis(700);

/// Longest time for removing what was made.
const CLEANING: Duration = Duration::from_secs(60);

/// How nodes are read by pods.
#[derive(Clone, Debug)]
pub struct NodesOptions {
    /// Which cluster, and as whom.
    pub cluster: ClusterOptions,
    /// An image that holds `/seaworthy`.
    pub image: String,
    /// Where the pods run; else a namespace is made for them, and removed.
    pub namespace: Option<String>,
    /// Labels of the nodes, as `kubectl --selector` takes them; else all nodes.
    pub selector: Option<String>,
    /// How long one node may take, the image's pulling included.
    pub timeout: Duration,
    /// `Always`, `IfNotPresent` or `Never`.
    pub pull_policy: Option<String>,
    /// A Secret of the namespace for the registry.
    pub pull_secret: Option<String>,
}

/// What the nodes sent.
#[derive(Debug)]
pub struct NodesGathered {
    /// The names of nodes, each with what its pod wrote.
    pub nodes: Vec<(String, Vec<u8>)>,
    /// The context, or where else the cluster was found.
    pub name: String,
    /// The address of its API server.
    pub url: String,
    /// The nodes that sent nothing, and why.
    pub refusals: Vec<Refusal>,
}

/// How far the reading is.
#[derive(Clone, Copy, Debug)]
pub enum NodesEvent {
    /// So many nodes will be read.
    Nodes(usize),
    /// One more is done.
    Read,
}

/// Reads all nodes by pods. Whatever happens, what was made is removed.
///
/// # Errors
/// When no pod could be started. What single nodes do not tell stands in [`NodesGathered::refusals`].
pub fn run_nodes(
    options: &NodesOptions,
    progress: &dyn Fn(NodesEvent),
) -> Result<NodesGathered, ClusterError> {
    run(async {
        let connection = connect::connect(&options.cluster).await?;
        let url = connection.url.clone();
        let api = Api::new(connection.client, options.cluster.request_timeout);
        let fault = |fault| ClusterError::Server { url: url.clone(), fault };
        let (nodes, mut refusals) = nodes(&api, options).await.map_err(fault)?;
        progress(NodesEvent::Nodes(nodes.len()));
        let place = Place::of(options);
        let work = async {
            place.make(&api).await?;
            Ok(read_all(&api, options, &place, nodes, progress).await)
        };
        let outcome = tokio::select! {
            outcome = work => outcome.map_err(fault),
            () = interrupted() => Err(ClusterError::Interrupted),
        };
        // Pods that were being made when the work was given up are found by their label.
        let cleaned = timeout(CLEANING, place.clean(&api)).await;
        let (read, failed) = outcome?;
        refusals.extend(failed);
        if !matches!(cleaned, Ok(Ok(()))) {
            refusals.push(Refusal {
                what: format!("namespace {}", place.namespace),
                reason: "the pods could not be removed: run `seaworthy nodes clean`".to_owned(),
                forbidden: false,
            });
        }
        Ok(NodesGathered { nodes: read, name: connection.name, url: url.clone(), refusals })
    })
}

/// What [`run_nodes`] would make, as YAML.
///
/// # Errors
/// When the cluster does not tell its nodes.
pub fn show_nodes(options: &NodesOptions) -> Result<String, ClusterError> {
    run(async {
        let connection = connect::connect(&options.cluster).await?;
        let api = Api::new(connection.client, options.cluster.request_timeout);
        let fault = |fault| ClusterError::Server { url: connection.url.clone(), fault };
        let (nodes, _) = nodes(&api, options).await.map_err(fault)?;
        let place = Place::of(options);
        let mut objects = Vec::new();
        if options.namespace.is_none() {
            objects.push(pod::namespace(&place.run, &place.namespace));
        }
        let template = place.template(options);
        objects.extend(nodes.iter().enumerate().map(|(position, node)| pod::pod(&template, position, node)));
        // JSON is YAML.
        let texts: Result<Vec<String>, _> = objects.iter().map(serde_json::to_string_pretty).collect();
        let texts = texts.map_err(|error| ClusterError::Option(error.to_string()))?;
        Ok(texts.join("\n---\n") + "\n")
    })
}

/// Removes what runs that were cut off have left. Returns how many namespaces and pods that were.
///
/// # Errors
/// When the cluster does not tell, or does not let them be removed.
pub fn clean_nodes(options: &ClusterOptions) -> Result<usize, ClusterError> {
    run(async {
        let connection = connect::connect(options).await?;
        let api = Api::new(connection.client, options.request_timeout);
        let fault = |fault| ClusterError::Server { url: connection.url.clone(), fault };
        let selector = format!("labelSelector={}", pod::RUN);
        let namespaces =
            api.list(&format!("/api/v1/namespaces?{selector}"), MAX_NODES).await.map_err(fault)?;
        let pods = api.list(&format!("/api/v1/pods?{selector}"), MAX_NODES).await.map_err(fault)?;
        for pod in &pods {
            let path = format!("/api/v1/namespaces/{}/pods/{}", text(pod, "namespace"), text(pod, "name"));
            api.delete(&path).await.map_err(fault)?;
        }
        for namespace in &namespaces {
            api.delete(&format!("/api/v1/namespaces/{}", text(namespace, "name"))).await.map_err(fault)?;
        }
        Ok(namespaces.len() + pods.len())
    })
}

/// A field of the metadata.
fn text<'v>(object: &'v serde_json::Value, key: &str) -> &'v str {
    object["metadata"][key].as_str().unwrap_or_default()
}

/// The nodes to read, and those that cannot be.
async fn nodes(api: &Api, options: &NodesOptions) -> Result<(Vec<String>, Vec<Refusal>), Fault> {
    let selector = options.selector.as_deref().map(api::encoded);
    let query = selector.map(|selector| format!("?labelSelector={selector}")).unwrap_or_default();
    let mut names = Vec::new();
    let mut refusals = Vec::new();
    for node in api.list(&format!("/api/v1/nodes{query}"), MAX_NODES).await? {
        let name = text(&node, "name").to_owned();
        let refuse = |reason: &str| Refusal {
            what: format!("node {name}"),
            reason: reason.to_owned(),
            forbidden: false,
        };
        let system = node["status"]["nodeInfo"]["operatingSystem"].as_str().unwrap_or("linux");
        let conditions = node["status"]["conditions"].as_array();
        let is_ready = conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
        if system != "linux" {
            refusals.push(refuse(&format!("nodes of {} are not read", shortened(system))));
        } else if !is_ready {
            refusals.push(refuse("it is not ready"));
        } else {
            names.push(name);
        }
    }
    Ok((names, refusals))
}

/// Where the pods of a run are.
struct Place {
    run: String,
    namespace: String,
    /// The namespace was made for the run.
    own: bool,
}

impl Place {
    fn of(options: &NodesOptions) -> Place {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_millis());
        let run = format!("seaworthy-nodes-{:x}", now ^ u128::from(std::process::id()) << 4);
        match &options.namespace {
            Some(namespace) => Place { run, namespace: namespace.clone(), own: false },
            None => Place { namespace: run.clone(), run, own: true },
        }
    }

    fn template<'t>(&'t self, options: &'t NodesOptions) -> Template<'t> {
        Template {
            run: &self.run,
            namespace: &self.namespace,
            image: &options.image,
            pull_policy: options.pull_policy.as_deref(),
            pull_secret: options.pull_secret.as_deref(),
            seconds: options.timeout.as_secs().max(1),
        }
    }

    async fn make(&self, api: &Api) -> Result<(), Fault> {
        if self.own {
            api.create("/api/v1/namespaces", &pod::namespace(&self.run, &self.namespace)).await?;
        }
        Ok(())
    }

    async fn clean(&self, api: &Api) -> Result<(), Fault> {
        let folder = format!("/api/v1/namespaces/{}/pods", self.namespace);
        let selector = format!("labelSelector={}={}", pod::RUN, self.run);
        let mut outcome = Ok(());
        match api.list(&format!("{folder}?{selector}"), MAX_NODES).await {
            Ok(pods) => {
                for pod in &pods {
                    outcome = outcome.and(api.delete(&format!("{folder}/{}", text(pod, "name"))).await);
                }
            }
            Err(fault) => outcome = Err(fault),
        }
        if self.own {
            // What it holds goes with it.
            outcome = api.delete(&format!("/api/v1/namespaces/{}", self.namespace)).await;
        }
        outcome
    }
}

/// A person wants the program to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Where no signal can be waited for, nobody can interrupt.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Reads nodes, some at a time.
async fn read_all(
    api: &Api,
    options: &NodesOptions,
    place: &Place,
    nodes: Vec<String>,
    progress: &dyn Fn(NodesEvent),
) -> (Vec<(String, Vec<u8>)>, Vec<Refusal>) {
    let template = place.template(options);
    let mut waiting: VecDeque<(usize, String)> = nodes.into_iter().enumerate().collect();
    let (mut read, mut failed) = (Vec::new(), Vec::new());
    let mut under_way = JoinSet::new();
    loop {
        while under_way.len() < AT_A_TIME
            && let Some((position, node)) = waiting.pop_front()
        {
            let (api, limit) = (api.clone(), options.timeout);
            let pod = pod::pod(&template, position, &node);
            under_way.spawn(async move { (node, one(&api, &pod, limit).await) });
        }
        let Some(done) = under_way.join_next().await else { break };
        progress(NodesEvent::Read);
        match done {
            Ok((node, Ok(log))) => read.push((node, log)),
            Ok((node, Err(reason))) => failed.push(Refusal {
                what: format!("node {node}"),
                forbidden: reason.starts_with("forbidden"),
                reason,
            }),
            Err(_) => {}
        }
    }
    read.sort();
    failed.sort_by(|a, b| a.what.cmp(&b.what));
    (read, failed)
}

/// Reads one node: the log of its pod, once that has ended.
async fn one(api: &Api, pod: &serde_json::Value, limit: Duration) -> Result<Vec<u8>, String> {
    let folder = format!("/api/v1/namespaces/{}/pods", text(pod, "namespace"));
    let path = format!("{folder}/{}", text(pod, "name"));
    // Why something is forbidden matters: Pod Security may keep the pod out.
    let shown = |fault: Fault| match fault {
        Fault::Status { code: 403, message } => shortened(&format!("forbidden: {message}")),
        fault => shortened(&fault.to_string()),
    };
    api.create(&folder, pod).await.map_err(shown)?;
    let end = Instant::now() + limit;
    let outcome = loop {
        let state = match api.get(&path, 4 << 20).await {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(fault) if Instant::now() > end => break Err(shown(fault)),
            Err(Fault::Status { code: 404, .. }) => break Err("somebody removed the pod".to_owned()),
            // A server that does not answer once may do so the next time.
            Err(_) => serde_json::Value::Null,
        };
        match pod::progress(&state) {
            Progress::Done => {
                break api.get(&format!("{path}/log?container=read"), MAX_LOG).await.map_err(shown);
            }
            Progress::Failed(reason) => {
                let log = api.get(&format!("{path}/log?container=read&tailLines=3"), 1 << 16).await;
                let log = log.map(|log| String::from_utf8_lossy(&log).into_owned()).unwrap_or_default();
                break Err(shortened(&format!("{reason} {log}")));
            }
            Progress::Waiting if Instant::now() > end => {
                break Err(format!("the pod did not end within {} s", limit.as_secs()));
            }
            Progress::Waiting => sleep(PAUSE).await,
        }
    };
    // The run removes what is left.
    let _ = api.delete(&path).await;
    outcome
}
