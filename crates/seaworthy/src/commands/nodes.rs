//! `seaworthy nodes`.

use seaworthy_ingest::write_node;

use crate::cli::Global;
use crate::error::{CommandError, Outcome};
use crate::node;
use crate::node_args::{NodePlace, NodesArgs, NodesCommand};
use crate::output;

pub(crate) fn run(args: &NodesArgs, _global: &Global) -> Result<Outcome, CommandError> {
    match &args.command {
        NodesCommand::Print(place) => print(place),
    }
}

/// Prints what a node shows: this is also what runs on each node of a cluster.
fn print(place: &NodePlace) -> Result<Outcome, CommandError> {
    let files = node::read(place)?;
    output::to_stdout(|out| write_node(&files, out))?;
    Ok(Outcome::Clean)
}
