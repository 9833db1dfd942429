//! `seaworthy collect`.

use seaworthy_ingest::snapshot;

use crate::cli::CollectArgs;
use crate::error::{CommandError, Outcome};
use crate::progress::Progress;
use crate::{input, live, output};

pub(crate) fn run(args: &CollectArgs) -> Result<Outcome, CommandError> {
    if args.cluster.print_rbac {
        return live::print_rights(&args.cluster, false);
    }
    if !args.cluster.cluster && !args.node.node {
        return Err(CommandError::new("nothing to collect was named").hint("add `--cluster` or `--node`"));
    }
    // A folder that is not there is found before the cluster is asked.
    let draft = snapshot::Draft::new(&args.output)
        .map_err(|error| CommandError::output(&format!("`{}`", args.output.display()), &error))?;
    let progress = Progress::new(!args.no_progress);
    let read = input::of_live(&args.cluster, &args.nodes, &args.node, &progress);
    progress.finish();
    let input = read?;
    let written = draft
        .write(&input.files)
        .map_err(|error| CommandError::output(&format!("`{}`", args.output.display()), &error))?;
    let of = input.names.join(" and ");
    output::message(&format!("stored {written} texts of {of} in {}", args.output.display()));
    for skipped in &input.skipped {
        output::message(&format!("not stored: {}: {}", skipped.reason, skipped.examples.join(", ")));
    }
    Ok(Outcome::Clean)
}
