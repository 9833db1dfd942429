//! Where evidence comes from: paths, snapshots among them, or a live cluster.

use std::path::{Path, PathBuf};

use seaworthy_evidence::SourceFile;
use seaworthy_ingest::{Collected, collect};
use seaworthy_podsecurity::Version;
use seaworthy_report::Skipped;

use crate::cli::ScanArgs;
use crate::commands::scan::{ingest_error, skipped};
use crate::error::CommandError;
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

/// The path above which the configuration lies.
pub(crate) fn first_path(args: &ScanArgs) -> Option<&Path> {
    args.paths.first().or(args.manifests.first()).map(PathBuf::as_path)
}

/// Reads what the command line names.
pub(crate) fn read(args: &ScanArgs, plan: &Plan, progress: &Progress) -> Result<Input, CommandError> {
    #[cfg(feature = "live")]
    if args.cluster.cluster {
        return crate::live::read(&args.cluster, progress);
    }
    let collected = collect(&args.paths, &plan.options, &|event| progress.on(event)).map_err(ingest_error)?;
    let names = args.paths.iter().map(|path| path.display().to_string()).collect();
    Ok(of_files(collected, names))
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

fn of_files(collected: Collected, names: Vec<String>) -> Input {
    let mut skipped = skipped(&collected);
    let recorded = recorded(&collected.files);
    let version = recorded.as_ref().and_then(|recorded| recorded.version);
    let untold = recorded.map_or(Vec::new(), |recorded| recorded.skipped);
    let gaps = collected.skipped.iter().any(|skipped| skipped.reason.leaves_gap()) || !untold.is_empty();
    skipped.extend(untold);
    Input { skipped, gaps, files: collected.files, names, version }
}
