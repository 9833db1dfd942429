//! Evidence of a live cluster.

use seaworthy_cluster::{ClusterError, ClusterOptions, Gathered, Rights, gather, rights};
use seaworthy_ingest::snapshot;

use crate::cluster_args::ClusterArgs;
use crate::error::{CommandError, Outcome};
use crate::input::Input;
use crate::output;
use crate::progress::Progress;
use crate::record::{Recorded, recorded};

/// Reads a cluster.
pub(crate) fn read(args: &ClusterArgs, progress: &Progress) -> Result<Input, CommandError> {
    let gathered = gather(&args.options(), &|event| progress.on_cluster(event)).map_err(cluster_error)?;
    let Gathered { files, name, url, .. } = gathered;
    // As from a snapshot: the same texts in the same order, and the same record of what is missing.
    let files = snapshot::arranged(files);
    let Recorded { version, skipped } =
        recorded(&files).unwrap_or(Recorded { version: None, skipped: Vec::new() });
    Ok(Input {
        gaps: !skipped.is_empty(),
        skipped,
        files,
        names: vec![if name.is_empty() { url } else { format!("cluster {name} ({url})") }],
        version,
    })
}

/// Prints the rights that reading needs.
pub(crate) fn print_rights(args: &ClusterArgs, watch: bool) -> Result<Outcome, CommandError> {
    let of = if args.cluster { Rights::OfThisCluster } else { Rights::OfEveryCluster };
    let options = ClusterOptions { watch, ..args.options() };
    let text = rights(&options, of).map_err(cluster_error)?;
    output::to_stdout(|out| out.write_all(text.as_bytes()))?;
    Ok(Outcome::Clean)
}

pub(crate) fn cluster_error(error: ClusterError) -> CommandError {
    let message = CommandError::new(error.to_string());
    match error.hint() {
        Some(hint) => message.hint(hint),
        None => message,
    }
}
