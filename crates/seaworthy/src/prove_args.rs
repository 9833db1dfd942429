//! The part of the command line that says what is tried, how far, and where that is which the API does not tell.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

/// How far probes may go, and where they may go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Probes")]
pub(crate) struct ProbeArgs {
    #[command(flatten)]
    pub(crate) in_pod: crate::in_pod::InPodArgs,

    /// How far to go: `read` changes nothing; `canary` makes objects in a namespace of its own and removes them;
    /// `disruptive=CONTROL` lets one control's probe do more, may be repeated [default: read]
    #[arg(long, value_delimiter = ',', value_name = "LEVEL")]
    pub(crate) consent: Vec<String>,

    /// Attempts at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) at_a_time: u16,

    /// Most requests in all
    #[arg(long, value_name = "NUMBER", default_value_t = 20_000)]
    pub(crate) budget: usize,

    /// Seconds that all probes together may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub(crate) timeout: u64,

    /// Seconds that one request of a probe may take
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub(crate) probe_timeout: u64,

    /// Where etcd serves clients, as `https://10.0.0.5:2379`; may be repeated
    #[arg(long, value_delimiter = ',', value_name = "URL")]
    pub(crate) etcd: Vec<String>,

    /// Where etcd serves its peers, as `https://10.0.0.5:2380`; may be repeated
    #[arg(long, value_delimiter = ',', value_name = "URL")]
    pub(crate) etcd_peer: Vec<String>,

    /// A client certificate for etcd, to see how Secrets are stored
    #[arg(long, value_hint = ValueHint::FilePath, value_name = "FILE", requires = "etcd_key")]
    pub(crate) etcd_cert: Option<PathBuf>,

    /// Its key
    #[arg(long, value_hint = ValueHint::FilePath, value_name = "FILE", requires = "etcd_cert")]
    pub(crate) etcd_key: Option<PathBuf>,

    /// The authority that signed etcd's own certificates
    #[arg(long, value_hint = ValueHint::FilePath, value_name = "FILE")]
    pub(crate) etcd_ca: Option<PathBuf>,

    /// The client certificate of a user of the cluster without rights, to see what anybody may do
    #[arg(long, value_hint = ValueHint::FilePath, value_name = "FILE", requires = "ordinary_key")]
    pub(crate) ordinary_cert: Option<PathBuf>,

    /// Its key
    #[arg(long, value_hint = ValueHint::FilePath, value_name = "FILE", requires = "ordinary_cert")]
    pub(crate) ordinary_key: Option<PathBuf>,

    /// The address of a node, beside those that the cluster tells; may be repeated
    #[arg(long = "at-node", value_delimiter = ',', value_name = "ADDRESS")]
    pub(crate) nodes: Vec<String>,

    /// Where a scheduler listens, as `https://10.0.0.5:10259`; may be repeated
    #[arg(long, value_delimiter = ',', value_name = "URL")]
    pub(crate) scheduler: Vec<String>,

    /// Where a controller manager listens, as `https://10.0.0.5:10257`; may be repeated
    #[arg(long, value_delimiter = ',', value_name = "URL")]
    pub(crate) controller_manager: Vec<String>,

    /// The audit log of the API server, on this machine
    #[arg(long, value_hint = ValueHint::FilePath, value_name = "FILE")]
    pub(crate) audit_log: Option<PathBuf>,

    /// The folder in which backups of etcd lie, on this machine
    #[arg(long, value_hint = ValueHint::DirPath, value_name = "FOLDER")]
    pub(crate) etcd_backups: Option<PathBuf>,

    /// Where is written down what is made in a cluster, so that it is found after a crash
    /// [default: ~/.local/state/seaworthy/probes]
    #[arg(long, value_hint = ValueHint::DirPath, value_name = "FOLDER")]
    pub(crate) state: Option<PathBuf>,

    /// Try nothing: remove what earlier runs on this cluster could not remove themselves
    #[arg(long)]
    pub(crate) clean: bool,
}

impl ProbeArgs {
    pub(crate) fn whole_time(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    pub(crate) fn probe_time(&self) -> Duration {
        Duration::from_secs(self.probe_timeout)
    }
}
