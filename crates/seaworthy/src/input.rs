//! Where evidence comes from: paths, or a live cluster.

use std::path::{Path, PathBuf};

use seaworthy_evidence::SourceFile;
use seaworthy_ingest::collect;
use seaworthy_podsecurity::Version;
use seaworthy_report::Skipped;

use crate::cli::ScanArgs;
use crate::commands::scan::{ingest_error, skipped};
use crate::error::CommandError;
use crate::plan::Plan;
use crate::progress::Progress;

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
    args.paths.first().map(PathBuf::as_path)
}

/// Reads what the command line names.
pub(crate) fn read(args: &ScanArgs, plan: &Plan, progress: &Progress) -> Result<Input, CommandError> {
    #[cfg(feature = "live")]
    if args.cluster.cluster {
        return crate::live::read(&args.cluster, progress);
    }
    let collected = collect(&args.paths, &plan.options, &|event| progress.on(event)).map_err(ingest_error)?;
    Ok(Input {
        skipped: skipped(&collected),
        gaps: collected.skipped.iter().any(|skipped| skipped.reason.leaves_gap()),
        files: collected.files,
        names: args.paths.iter().map(|path| path.display().to_string()).collect(),
        version: None,
    })
}
