//! From a cluster to texts.

use std::collections::VecDeque;
use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use seaworthy_evidence::SourceFile;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::collection::{self, Cluster};
use crate::components;
use crate::connect::{self, Connection};
use crate::discover::{self, Kind, Served};
use crate::error::{ClusterError, Fault, shortened};
use crate::kinds::{self, Keep};
use crate::list::{self, Listed, Reach, Target};
use crate::options::ClusterOptions;
use crate::session::{Ask, Session};
use crate::watch::Begun;

/// Lists that are read at a time: the server has other things to do, and pages lie in memory.
const AT_A_TIME: usize = 4;

/// How far the gathering is, for a progress bar.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// So many lists will be read.
    Lists(usize),
    /// One more has been read.
    Listed,
    /// So many more objects have been read.
    Objects(usize),
}

/// Everything that a cluster told.
#[derive(Debug)]
pub struct Gathered {
    /// The record of the collection, then the objects, each a text of its own, sorted by kind and name.
    pub files: Vec<SourceFile>,
    /// The context, or where else the cluster was found.
    pub name: String,
    /// The address of its API server.
    pub url: String,
    /// The version of its API server, as `v1.36.3`.
    pub version: Option<String>,
    /// What it did not tell.
    pub refusals: Vec<Refusal>,
}

/// A list that is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind, as `secrets` or `deployments.apps`.
    pub what: String,
    /// Why: `forbidden: list secrets in all namespaces`.
    pub reason: String,
    /// Whether a right is missing.
    pub forbidden: bool,
}

/// Asks a cluster for everything that controls read. Nothing is changed there, and values of Secrets are not read.
///
/// # Errors
/// When the cluster cannot be asked at all. What it refuses alone is told in [`Gathered::refusals`], and to controls.
pub fn gather(options: &ClusterOptions, progress: &dyn Fn(Event)) -> Result<Gathered, ClusterError> {
    run(async {
        let asked = Asked::begin(options).await?;
        Ok(asked.all(options, progress).await?.0)
    })
}

/// Runs something on a runtime of its own, so that nobody else needs to know of one.
pub(crate) fn run<T>(work: impl Future<Output = Result<T, ClusterError>>) -> Result<T, ClusterError> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(work);
    // A program for credentials that does not end must not keep this one from ending.
    runtime.shutdown_background();
    outcome
}

/// A cluster that has told what it serves.
pub(crate) struct Asked {
    pub(crate) session: Arc<Session>,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) version: Option<String>,
    pub(crate) served: Served,
}

impl Asked {
    pub(crate) async fn begin(options: &ClusterOptions) -> Result<Asked, ClusterError> {
        for namespace in &options.namespaces {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if namespace.is_empty() || namespace.len() > 63 || !namespace.bytes().all(plain) {
                return Err(ClusterError::Option(format!("`--namespace {namespace}` names no namespace")));
            }
        }
        let Connection { client, name, url } = connect::connect(options).await?;
        let session = Session::new(client, options.request_timeout, options.requests_per_second);
        let fault = |fault| ClusterError::Server { url: url.clone(), fault };
        let served = discover::discover(&session).await.map_err(fault)?;
        for namespace in &options.namespaces {
            let path = format!("/api/v1/namespaces/{namespace}");
            if let Err(Fault::Status { code: 404, .. }) = session.get(Ask::json(&path, 1 << 20)).await {
                return Err(ClusterError::NoNamespace(namespace.clone()));
            }
        }
        let version = version(&session).await;
        Ok(Asked { session: Arc::new(session), name, url, version, served })
    }

    /// Everything, and from where each list can be watched.
    pub(crate) async fn all(
        self,
        options: &ClusterOptions,
        progress: &dyn Fn(Event),
    ) -> Result<(Gathered, Vec<Begun>), ClusterError> {
        let targets = targets(&self.served.kinds, options);
        progress(Event::Lists(targets.len()));
        let lists = self.lists(targets, progress).await;
        let cluster = Cluster {
            name: &self.name,
            url: &self.url,
            version: self.version.as_deref(),
            at: Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default().to_string(),
        };
        let mut files = vec![collection::record(&cluster, &self.served, &lists)];
        let mut refusals = Vec::new();
        let mut begun = Vec::with_capacity(lists.len());
        for listed in lists {
            let version = listed.resource_version.filter(|_| listed.refused.is_none());
            if let Some(reason) = listed.refused {
                let forbidden = reason.starts_with("forbidden");
                refusals.push(Refusal { what: listed.target.kind.plural(), reason, forbidden });
            }
            begun.push(Begun::of(listed.target, version, &listed.files));
            files.extend(listed.files);
        }
        let nodes = files.iter().filter_map(|file| file.name.strip_prefix("/api/v1/nodes/"));
        let nodes: Vec<String> = nodes.map(str::to_owned).collect();
        let told = components::read(&self.session, self.version.as_deref(), &nodes, &cluster.at).await;
        files.extend(told.files);
        refusals.extend(told.refused.into_iter().map(|((program, reason), number)| Refusal {
            what: if number == 1 { program.to_owned() } else { format!("{number} {program}s") },
            forbidden: reason.starts_with("forbidden"),
            reason,
        }));
        let unavailable = self.served.unavailable.iter().map(|group| Refusal {
            what: group.clone(),
            reason: format!("the server does not tell what the group holds: {group}"),
            forbidden: false,
        });
        refusals.extend(unavailable);
        Ok((Gathered { files, name: self.name, url: self.url, version: self.version, refusals }, begun))
    }

    /// Reads lists, a few at a time; what comes of them stands in the order of the targets.
    async fn lists(&self, targets: Vec<Target>, progress: &dyn Fn(Event)) -> Vec<Listed> {
        let (sender, mut read) = mpsc::unbounded_channel();
        let mut waiting: VecDeque<(usize, Target)> = targets.into_iter().enumerate().collect();
        let mut done: Vec<(usize, Listed)> = Vec::with_capacity(waiting.len());
        let mut running = JoinSet::new();
        loop {
            while running.len() < AT_A_TIME
                && let Some((index, target)) = waiting.pop_front()
            {
                let (session, sender) = (Arc::clone(&self.session), sender.clone());
                running.spawn(async move {
                    let read = |items| {
                        // Nobody may be listening any more; the list is what matters.
                        let _ = sender.send(items);
                    };
                    let listed = list::list(&session, target, read).await;
                    (index, listed)
                });
            }
            tokio::select! {
                Some(items) = read.recv() => progress(Event::Objects(items)),
                finished = running.join_next() => match finished {
                    Some(Ok(listed)) => {
                        done.push(listed);
                        progress(Event::Listed);
                    }
                    // A task that panics is a defect of ours, and must not look like an empty list.
                    Some(Err(error)) => match error.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        Err(error) => unreachable!("nobody cancels lists: {error}"),
                    },
                    None => break,
                },
            }
        }
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, listed)| listed).collect()
    }
}

/// What is asked for, in order.
pub(crate) fn targets(kinds: &[Kind], options: &ClusterOptions) -> Vec<Target> {
    let mut targets = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.can_list) {
        let Some(keep) = kinds::keep(&kind.group, &kind.resource, &kind.kind, kind.namespaced) else {
            continue;
        };
        if keep == Keep::Names && !options.secrets || keep == Keep::PodTemplates && !options.custom_resources
        {
            continue;
        }
        let is_namespace = kind.group.is_empty() && kind.kind == "Namespace";
        let scopes: Vec<Reach> = match options.namespaces.as_slice() {
            [] => vec![Reach::All],
            _ if !kind.namespaced && !is_namespace => vec![Reach::All],
            names if is_namespace => names.iter().cloned().map(Reach::Object).collect(),
            names => names.iter().cloned().map(Reach::Namespace).collect(),
        };
        let scopes = scopes.into_iter().map(|scope| Target { kind: kind.clone(), keep, scope });
        targets.extend(scopes);
    }
    targets
}

/// The version of the server. Nothing depends on it but the choice of rules, so that nobody fails without it.
async fn version(session: &Session) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: String,
        #[serde(default)]
        major: String,
        #[serde(default)]
        minor: String,
    }
    let body = session.get(Ask::json("/version", 1 << 20)).await.ok()?;
    let version: Version = serde_json::from_slice(&body).ok()?;
    // A server that somebody built without naming the version still knows whose rules it follows.
    Some(match version.git_version.starts_with("v0.0.0") && !version.minor.is_empty() {
        true => shortened(&format!("v{}.{}", version.major, version.minor)),
        false => shortened(&version.git_version),
    })
}
