//! The part of the command line that says which cluster, and how to ask it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};
use seaworthy_cluster::ClusterOptions;

/// Live clusters.
#[derive(Debug, Args)]
#[command(next_help_heading = "Live clusters")]
pub(crate) struct ClusterArgs {
    /// Judge the cluster of the current context: what it holds is read through its API, nothing is changed there, and
    /// the values of Secrets are not read
    #[arg(long)]
    pub(crate) cluster: bool,

    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// The kubeconfig [default: that of KUBECONFIG, ~/.kube/config, or the account of the pod that this runs in]
    #[arg(long, value_hint = ValueHint::FilePath, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Read what lies in namespaces in this one only; several with commas or by repeating
    #[arg(long, short, value_delimiter = ',', value_name = "NAMESPACE")]
    pub(crate) namespace: Vec<String>,

    /// Ask as this user, if you may impersonate it
    #[arg(long = "as", value_name = "USER")]
    pub(crate) user: Option<String>,

    /// Ask as a member of this group; may be repeated
    #[arg(long = "as-group", value_name = "GROUP", requires = "user")]
    pub(crate) groups: Vec<String>,

    /// Most requests in a second
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) qps: u32,

    /// Seconds that one request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) request_timeout: u64,

    /// Do not look for pod templates in custom resources that no control knows
    #[arg(long)]
    pub(crate) no_custom_resources: bool,

    /// Do not ask for the names and types of Secrets: the right to list them is the right to read them
    #[arg(long)]
    pub(crate) without_secrets: bool,

    /// Print the rights that `--cluster` needs, as a ClusterRole and a binding; with `--cluster`, those for this very
    /// cluster with its custom resources
    #[arg(long)]
    pub(crate) print_rbac: bool,
}

/// Watching a cluster.
#[derive(Debug, Args)]
#[command(next_help_heading = "Live clusters")]
pub(crate) struct WatchArgs {
    /// Go on watching: after a first judgement, print what changes, until the program is ended; `--format json` prints one
    /// JSON object a line
    #[arg(long, requires = "cluster")]
    pub(crate) watch: bool,

    /// Serve metrics for Prometheus on this address while watching, as `127.0.0.1:9464`
    #[arg(long, value_name = "ADDRESS:PORT", requires = "watch")]
    pub(crate) metrics_addr: Option<SocketAddr>,

    /// Seconds after which a watch gathers everything anew: what components say of themselves cannot be watched
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, requires = "watch", value_parser = clap::value_parser!(u64).range(60..=86400))]
    pub(crate) resync: u64,
}

impl ClusterArgs {
    /// An option that says which cluster, or as whom: where no cluster is asked, it is a mistake.
    pub(crate) fn choice(&self) -> Option<&'static str> {
        let given = [
            (self.context.is_some(), "--context"),
            (self.kubeconfig.is_some(), "--kubeconfig"),
            (!self.namespace.is_empty(), "--namespace"),
            (self.user.is_some(), "--as"),
        ];
        given.into_iter().find(|(given, _)| *given).map(|(_, option)| option)
    }

    pub(crate) fn options(&self) -> ClusterOptions {
        ClusterOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            user: self.user.clone(),
            groups: self.groups.clone(),
            namespaces: self.namespace.clone(),
            requests_per_second: self.qps,
            request_timeout: Duration::from_secs(self.request_timeout),
            custom_resources: !self.no_custom_resources,
            secrets: !self.without_secrets,
            watch: false,
        }
    }
}
