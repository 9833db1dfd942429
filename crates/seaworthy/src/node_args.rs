//! The part of the command line that says which node, and where its files are.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

/// Nodes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Nodes")]
pub(crate) struct NodeArgs {
    /// Judge the node that this runs on: its processes, configuration files, file modes, certificates and kernel; nothing
    /// is started or changed there, and keys are not kept
    #[arg(long)]
    pub(crate) node: bool,

    #[command(flatten)]
    pub(crate) place: NodePlace,
}

/// Where a node is.
#[derive(Debug, Args)]
pub(crate) struct NodePlace {
    /// The folder where the node's `/` is mounted, in a container say
    #[arg(long, value_hint = ValueHint::DirPath, value_name = "FOLDER", default_value = "/")]
    pub(crate) root: PathBuf,

    /// The name of the node [default: what its kubelet is told, else its host name]
    #[arg(long, env = "NODE_NAME", value_name = "NAME")]
    pub(crate) node_name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct NodesArgs {
    #[command(subcommand)]
    pub(crate) command: NodesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NodesCommand {
    /// Print what this node shows of itself, as lines of JSON: a name and a text each
    Print(NodePlace),
}
