//! The part of the command line that is about pods.

use clap::Args;

/// Probes from inside of a pod.
#[derive(Debug, Args)]
#[command(next_help_heading = "Probes from inside of a pod")]
pub(crate) struct InPodArgs {
    /// Try what an intruder would find in the pod that this runs in: no kubeconfig is needed
    #[arg(long)]
    pub(crate) in_pod: bool,

    /// The cloud that the node is in: `aws`, `google`, `azure`, `oracle` or another that has a metadata service; with `--in-pod`
    #[arg(long, value_name = "NAME", requires = "in_pod")]
    pub(crate) cloud: Option<String>,

    /// Where the kubelet of the node listens, when not at 10250: what starts the pod knows it
    #[arg(long, hide = true, requires = "in_pod", default_value_t = 10250)]
    pub(crate) kubelet_port: u16,

    /// What a probe pod does: print the state of its process
    #[arg(long, hide = true, requires = "in_pod")]
    pub(crate) print_status: bool,

    /// What a probe pod does: take connections at a port until it is removed
    #[arg(long, hide = true, requires = "in_pod")]
    pub(crate) listen: Vec<u16>,

    /// What a probe pod does: connect, and tell whether that is possible
    #[arg(long, hide = true, requires = "in_pod")]
    pub(crate) connect: Vec<String>,

    /// The same with what should not be possible
    #[arg(long, hide = true, requires = "in_pod")]
    pub(crate) connect_denied: Vec<String>,

    /// Seconds to wait before the first connection
    #[arg(long, hide = true, requires = "in_pod", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=60))]
    pub(crate) settle: u64,

    /// Seconds for which connections are tried again until they come out as they should
    #[arg(long, hide = true, requires = "in_pod", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=60))]
    pub(crate) patience: u64,
}
