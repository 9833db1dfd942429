//! Where evidence comes from: paths, snapshots among them, or a live cluster.

use std::path::{Path, PathBuf};

use seaworthy_evidence::SourceFile;
#[cfg(feature = "live")]
use seaworthy_ingest::snapshot;
use seaworthy_ingest::{Collected, collect};
use seaworthy_podsecurity::Version;
use seaworthy_report::Skipped;

use crate::cli::ScanArgs;
#[cfg(feature = "live")]
use crate::cluster_args::ClusterArgs;
use crate::commands::scan::{ingest_error, skipped};
use crate::error::CommandError;
use crate::node;
use crate::node_args::NodePlace;
#[cfg(feature = "live")]
use crate::node_args::{NodeArgs, ScanNodesArgs};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::record::recorded;

/// What was read, and what is to be said of it.
pub(crate) struct Input {
    pub(crate) files: Vec<SourceFile>,
    /// What was passed over, by reason.
    pub(crate) skipped: Vec<Skipped>,
    /// Something that belongs to the evidence is missing.
    pub(crate) gaps: bool,
    /// What the person named.
    pub(crate) names: Vec<String>,
    /// The version of the cluster that it comes from.
    pub(crate) version: Option<Version>,
}

#[cfg(feature = "live")]
impl Input {
    /// This one behind another one.
    fn after(mut self, first: Option<Input>) -> Input {
        let Some(mut all) = first else { return self };
        all.files.append(&mut self.files);
        all.skipped.append(&mut self.skipped);
        all.names.append(&mut self.names);
        all.gaps |= self.gaps;
        all.version = all.version.or(self.version);
        all
    }
}

/// Reads the node that the program runs on.
fn node(place: &NodePlace) -> Result<Input, CommandError> {
    let files = node::read(place)?;
    let name = files.first().map(|file| file.name.trim_start_matches("nodes/").trim_end_matches(".json"));
    let name = format!("node {}", name.unwrap_or_default());
    Ok(Input { files, skipped: Vec::new(), gaps: false, names: vec![name], version: None })
}

/// The path above which the configuration lies.
pub(crate) fn first_path(args: &ScanArgs) -> Option<&Path> {
    args.paths.first().or(args.manifests.first()).map(PathBuf::as_path)
}

/// Reads what the command line names.
pub(crate) fn read(args: &ScanArgs, plan: &Plan, progress: &Progress) -> Result<Input, CommandError> {
    #[cfg(feature = "live")]
    if args.cluster.cluster || args.node.node {
        return of_live(&args.cluster, &args.nodes, &args.node, progress);
    }
    #[cfg(not(feature = "live"))]
    if args.node.node {
        return node(&args.node.place);
    }
    let collected = collect(&args.paths, &plan.options, &|event| progress.on(event)).map_err(ingest_error)?;
    let names = args.paths.iter().map(|path| path.display().to_string()).collect();
    Ok(of_files(collected, names))
}

/// Reads a cluster, its nodes by pods, and the node that the program runs on: whichever were asked for.
#[cfg(feature = "live")]
pub(crate) fn of_live(
    cluster: &ClusterArgs,
    nodes: &ScanNodesArgs,
    own: &NodeArgs,
    progress: &Progress,
) -> Result<Input, CommandError> {
    let mut input = None;
    if cluster.cluster {
        input = Some(crate::live::read(cluster, progress)?);
    }
    if nodes.nodes {
        let read = crate::live_nodes::read(&nodes.pods, &cluster.options(), progress)?;
        input = Some(read.after(input));
    }
    let mut input = match input {
        Some(input) if !own.node => input,
        input => node(&own.place)?.after(input),
    };
    // As they come out of a snapshot.
    input.files = snapshot::arranged(input.files);
    Ok(input)
}

/// The files that declare what the cluster should hold, when some were named.
pub(crate) fn read_declarations(
    args: &ScanArgs,
    plan: &Plan,
    progress: &Progress,
) -> Result<Option<Input>, CommandError> {
    if args.manifests.is_empty() {
        return Ok(None);
    }
    let collected =
        collect(&args.manifests, &plan.options, &|event| progress.on(event)).map_err(ingest_error)?;
    Ok(Some(of_files(collected, Vec::new())))
}

pub(crate) fn of_files(collected: Collected, names: Vec<String>) -> Input {
    let mut skipped = skipped(&collected);
    let recorded = recorded(&collected.files);
    let version = recorded.as_ref().and_then(|recorded| recorded.version);
    let untold = recorded.map_or(Vec::new(), |recorded| recorded.skipped);
    let gaps = collected.skipped.iter().any(|skipped| skipped.reason.leaves_gap()) || !untold.is_empty();
    skipped.extend(untold);
    Input { skipped, gaps, files: collected.files, names, version }
}
