//! Evidence of all nodes of a cluster, by pods.

use std::time::Duration;

use seaworthy_cluster::{ClusterOptions, NodesGathered, NodesOptions, Refusal, run_nodes};
use seaworthy_ingest::read_node;
use seaworthy_report::Skipped;

use crate::error::CommandError;
use crate::input::Input;
use crate::live::cluster_error;
use crate::node_args::{ConnectArgs, PodArgs};
use crate::progress::Progress;

/// The cluster that a command line names.
pub(crate) fn cluster(args: &ConnectArgs) -> ClusterOptions {
    ClusterOptions {
        context: args.context.clone(),
        kubeconfig: args.kubeconfig.clone(),
        ..ClusterOptions::default()
    }
}

/// How the pods are to be.
pub(crate) fn options(args: &PodArgs, cluster: &ClusterOptions) -> Result<NodesOptions, CommandError> {
    let image = args.image.clone().ok_or_else(|| {
        CommandError::new("no image is named for the pods that read the nodes")
            .hint("name one that holds `/seaworthy` with `--image`; docs/nodes.md says how to build it")
    })?;
    Ok(NodesOptions {
        cluster: cluster.clone(),
        image,
        namespace: args.nodes_namespace.clone(),
        selector: args.node_selector.clone(),
        timeout: Duration::from_secs(args.node_timeout),
        pull_policy: args.pull_policy.clone(),
        pull_secret: args.pull_secret.clone(),
    })
}

/// Reads all nodes.
pub(crate) fn read(
    args: &PodArgs,
    cluster: &ClusterOptions,
    progress: &Progress,
) -> Result<Input, CommandError> {
    let options = options(args, cluster)?;
    let gathered = run_nodes(&options, &|event| progress.on_nodes(event)).map_err(cluster_error)?;
    let NodesGathered { nodes, name, url, mut refusals } = gathered;
    let mut files = Vec::new();
    for (node, log) in nodes {
        match read_node(&node, &log) {
            Ok(texts) => files.extend(texts),
            Err(reason) => {
                refusals.push(Refusal { what: format!("node {node}"), reason, forbidden: false });
            }
        }
    }
    let cluster = if name.is_empty() { url } else { format!("{name} ({url})") };
    Ok(Input {
        skipped: skipped(&refusals),
        gaps: !refusals.is_empty(),
        files,
        names: vec![format!("nodes of cluster {cluster}")],
        version: None,
    })
}

/// The nodes that told nothing, each with the reason.
fn skipped(refusals: &[Refusal]) -> Vec<Skipped> {
    const EXAMPLES: usize = 5;
    if refusals.is_empty() {
        return Vec::new();
    }
    let examples = refusals.iter().take(EXAMPLES);
    vec![Skipped {
        reason: "nodes that were not read".to_owned(),
        count: refusals.len(),
        examples: examples.map(|refusal| format!("{}: {}", refusal.what, refusal.reason)).collect(),
    }]
}
