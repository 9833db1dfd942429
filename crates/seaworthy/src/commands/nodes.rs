//! `seaworthy nodes`.

use seaworthy_ingest::write_node;

use crate::cli::Global;
use crate::error::{CommandError, Outcome};
use crate::node;
use crate::node_args::{NodePlace, NodesArgs, NodesCommand};
use crate::output;

pub(crate) fn run(args: &NodesArgs, global: &Global) -> Result<Outcome, CommandError> {
    #[cfg(not(feature = "live"))]
    let _ = global;
    match &args.command {
        #[cfg(feature = "live")]
        NodesCommand::Run(args) => live::run(args, global),
        #[cfg(feature = "live")]
        NodesCommand::Clean(args) => live::clean(args),
        NodesCommand::Print(place) => print(place),
    }
}

/// Prints what a node shows: this is also what runs on each node of a cluster.
fn print(place: &NodePlace) -> Result<Outcome, CommandError> {
    let files = node::read(place)?;
    output::to_stdout(|out| write_node(&files, out))?;
    Ok(Outcome::Clean)
}

#[cfg(feature = "live")]
mod live {
    use clap::Parser;
    use seaworthy_cluster::{clean_nodes, show_nodes};
    use seaworthy_ingest::snapshot;

    use crate::cli::{Cli, Command, Global, ScanArgs};
    use crate::commands::scan;
    use crate::error::{CommandError, Outcome};
    use crate::live::cluster_error;
    use crate::live_nodes;
    use crate::node_args::{ConnectArgs, NodesRunArgs};
    use crate::output;
    use crate::progress::Progress;

    pub(super) fn run(args: &NodesRunArgs, global: &Global) -> Result<Outcome, CommandError> {
        let cluster = live_nodes::cluster(&args.connect);
        if args.dry_run {
            let options = live_nodes::options(&args.pods, &cluster)?;
            let text = show_nodes(&options).map_err(cluster_error)?;
            output::to_stdout(|out| out.write_all(text.as_bytes()))?;
            return Ok(Outcome::Clean);
        }
        // What is wrong with the options or the folder is told before anything is made.
        let scan = scan_options(&args.scan)?;
        let Some(path) = &args.output else {
            return scan::judge(&scan, global, |_, progress| {
                live_nodes::read(&args.pods, &cluster, progress)
            });
        };
        let fault = |error| CommandError::output(&format!("`{}`", path.display()), &error);
        let draft = snapshot::Draft::new(path).map_err(fault)?;
        let progress = Progress::new(!scan.no_progress && !scan.quiet);
        let read = live_nodes::read(&args.pods, &cluster, &progress);
        progress.finish();
        let input = read?;
        let written = draft.write(&input.files).map_err(fault)?;
        output::message(&format!(
            "stored {written} texts of {} in {}",
            input.names.join(" and "),
            path.display()
        ));
        for skipped in &input.skipped {
            output::message(&format!("not stored: {}: {}", skipped.reason, skipped.examples.join("; ")));
        }
        Ok(if input.gaps { Outcome::Incomplete } else { Outcome::Clean })
    }

    pub(super) fn clean(args: &ConnectArgs) -> Result<Outcome, CommandError> {
        let count = clean_nodes(&live_nodes::cluster(args)).map_err(cluster_error)?;
        output::message(&format!("removed {count} namespaces and pods"));
        Ok(Outcome::Clean)
    }

    /// The options behind `--`, as `scan` takes them.
    fn scan_options(words: &[String]) -> Result<ScanArgs, CommandError> {
        let before = ["seaworthy", "scan", "--cluster"].map(str::to_owned);
        match Cli::try_parse_from(before.iter().chain(words)).map(|cli| cli.command) {
            Ok(Command::Scan(args)) => Ok(*args),
            Ok(_) => Err(CommandError::new("behind `--`, only options of `scan` can stand")),
            Err(error) => Err(CommandError::new(format!(
                "behind `--`: {}",
                error.to_string().trim_start_matches("error: ")
            ))),
        }
    }
}
