//! The part of the command line that says which nodes, and how they are read.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

/// The node that the program runs on, as evidence of a scan.
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
    /// Read all nodes of a cluster by pods that remove themselves, and judge them
    #[cfg(feature = "live")]
    Run(NodesRunArgs),
    /// Remove what a run has left that was killed
    #[cfg(feature = "live")]
    Clean(ConnectArgs),
    /// Print what this node shows of itself, as lines of JSON: a name and a text each
    Print(NodePlace),
}

/// All nodes of a cluster, as evidence of a scan.
#[cfg(feature = "live")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Nodes")]
pub(crate) struct ScanNodesArgs {
    /// Read the nodes of the cluster too, by a pod on each that is removed again
    #[arg(long, requires = "cluster", requires = "image")]
    pub(crate) nodes: bool,

    #[command(flatten)]
    pub(crate) pods: PodArgs,
}

/// How pods read nodes.
#[cfg(feature = "live")]
#[derive(Debug, Args)]
pub(crate) struct PodArgs {
    /// The image of the pods: it holds `/seaworthy`; the Dockerfile of the repository builds one
    #[arg(long, env = "SEAWORTHY_IMAGE", value_name = "IMAGE")]
    pub(crate) image: Option<String>,

    /// Run the pods in this namespace [default: one that is made for them and removed]
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) nodes_namespace: Option<String>,

    /// Only nodes with these labels, as `node-role.kubernetes.io/control-plane=`
    #[arg(long, value_name = "LABELS")]
    pub(crate) node_selector: Option<String>,

    /// Seconds that one node may take, pulling the image included
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(5..=3600))]
    pub(crate) node_timeout: u64,

    /// How the image is pulled: `Always`, `IfNotPresent` or `Never`
    #[arg(long, value_name = "POLICY", value_parser = ["Always", "IfNotPresent", "Never"])]
    pub(crate) pull_policy: Option<String>,

    /// A Secret of the namespace with credentials of the registry
    #[arg(long, value_name = "SECRET", requires = "nodes_namespace")]
    pub(crate) pull_secret: Option<String>,
}

/// Which cluster.
#[cfg(feature = "live")]
#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// The kubeconfig [default: that of KUBECONFIG, ~/.kube/config, or the account of the pod that this runs in]
    #[arg(long, value_hint = ValueHint::FilePath, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
}

#[cfg(feature = "live")]
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  seaworthy nodes run --image registry.example.com/seaworthy
  seaworthy nodes run --image registry.example.com/seaworthy --dry-run      what it would make
  seaworthy nodes run --image registry.example.com/seaworthy -o nodes.tar.zst   keep it, for `seaworthy scan`
  seaworthy nodes run --image registry.example.com/seaworthy -- --format json --fail-on high")]
pub(crate) struct NodesRunArgs {
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,

    #[command(flatten)]
    pub(crate) pods: PodArgs,

    /// Print what would be made, and make nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Keep what the nodes show in this file, a snapshot as of `seaworthy collect`, instead of judging it
    #[arg(long, short, value_hint = ValueHint::FilePath, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) output: Option<PathBuf>,

    /// Options of `seaworthy scan` for the report
    #[arg(last = true, value_name = "SCAN-OPTION")]
    pub(crate) scan: Vec<String>,
}
