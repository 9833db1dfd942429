//! The part of the command line that says what is tried, how far, and where that is which the API does not tell.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

/// How far probes may go, and where they may go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Probes")]
pub(crate) struct ProbeArgs {
    /// How far to go: `read` changes nothing; `canary` makes objects in a namespace of its own and removes them;
    /// `disruptive=CONTROL` lets one control's probe do more, may be repeated [default: read]
    #[arg(long, value_delimiter = ',', value_name = "LEVEL")]
    pub(crate) consent: Vec<String>,

    /// An image that holds `/seaworthy`, for probes that start pods; with `--consent canary`
    #[arg(long, value_name = "IMAGE")]
    pub(crate) probe_image: Option<String>,

    /// Start a Job in this namespace, with this account [default: default], that looks around as `--in-pod` does, and pods that
    /// try its network policies; with `--consent canary` and `--probe-image`, may be repeated
    #[arg(long = "job", value_delimiter = ',', value_name = "NAMESPACE[/ACCOUNT]", requires = "probe_image")]
    pub(crate) jobs: Vec<String>,

    /// An address outside of the cluster that pods should not reach, as `host:443`; with `--in-pod` or `--job`, may be repeated
    #[arg(long, value_delimiter = ',', value_name = "HOST:PORT")]
    pub(crate) outside: Vec<String>,

    /// This machine stands outside of the network of the cluster: what it reaches, strangers reach
    #[arg(long)]
    pub(crate) from_outside: bool,

    /// Attempts at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) at_a_time: u16,

    /// Most requests of probes in all [default: 20000]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) budget: Option<usize>,

    /// Most requests of probes in a second
    #[arg(long, value_name = "NUMBER", default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) probe_qps: u32,

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

    /// The folder of `etcd` and `etcdutl`, of a release of etcd, which restore a backup to see whether it can be
    /// [default: where PATH has them]
    #[arg(long, value_hint = ValueHint::DirPath, value_name = "FOLDER")]
    pub(crate) etcd_programs: Option<PathBuf>,

    /// Where is written down what is made in a cluster, so that it is found after a crash, and the history of runs
    /// [default: ~/.local/state/seaworthy/probes]
    #[arg(long, env = "SEAWORTHY_STATE", value_hint = ValueHint::DirPath, value_name = "FOLDER")]
    pub(crate) state: Option<PathBuf>,
}

/// Most requests when nobody says otherwise.
const BUDGET: usize = 20_000;

impl ProbeArgs {
    pub(crate) fn whole_time(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    pub(crate) fn probe_time(&self) -> Duration {
        Duration::from_secs(self.probe_timeout)
    }

    pub(crate) fn most_requests(&self) -> usize {
        self.budget.unwrap_or(BUDGET)
    }

    /// An option that was given: where nothing is tried, it is a mistake.
    pub(crate) fn choice(&self) -> Option<&'static str> {
        let given = [
            (!self.consent.is_empty(), "--consent"),
            (self.probe_image.is_some(), "--probe-image"),
            (!self.outside.is_empty(), "--outside"),
            (self.from_outside, "--from-outside"),
            (self.budget.is_some(), "--budget"),
            (!self.etcd.is_empty(), "--etcd"),
            (!self.etcd_peer.is_empty(), "--etcd-peer"),
            (self.etcd_cert.is_some(), "--etcd-cert"),
            (self.etcd_ca.is_some(), "--etcd-ca"),
            (self.ordinary_cert.is_some(), "--ordinary-cert"),
            (!self.scheduler.is_empty(), "--scheduler"),
            (!self.controller_manager.is_empty(), "--controller-manager"),
            (self.audit_log.is_some(), "--audit-log"),
            (self.etcd_backups.is_some(), "--etcd-backups"),
            (self.etcd_programs.is_some(), "--etcd-programs"),
        ];
        given.into_iter().find(|(given, _)| *given).map(|(_, option)| option)
    }
}

/// Probes as a part of a scan.
#[derive(Debug, Args)]
#[command(next_help_heading = "Probes")]
pub(crate) struct ScanProbeArgs {
    /// Try on the cluster what each control forbids, harmlessly, and set what is declared against what is proved: as
    /// `seaworthy prove`, see docs/proving.md
    #[arg(long, requires = "cluster", conflicts_with = "watch")]
    pub(crate) prove: bool,

    /// The address of a node, beside those that the cluster tells; may be repeated
    #[arg(long = "at-node", value_delimiter = ',', value_name = "ADDRESS")]
    pub(crate) at_nodes: Vec<String>,

    #[command(flatten)]
    pub(crate) probes: ProbeArgs,
}

/// Proving again and again.
#[derive(Debug, Args)]
#[command(next_help_heading = "Continuous proof")]
pub(crate) struct EveryArgs {
    /// Go on: try everything again after so long, as `1h`, `30m` or `90s`, and tell what turned; `--format json` prints one
    /// JSON object a line
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with_all = ["dry_plan", "output"])]
    pub(crate) every: Option<Duration>,

    /// End after so many runs
    #[arg(long, value_name = "NUMBER", requires = "every", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) runs: Option<u64>,

    /// Serve metrics for Prometheus on this address meanwhile, as `127.0.0.1:9465`
    #[arg(long, value_name = "ADDRESS:PORT", requires = "every")]
    pub(crate) metrics_addr: Option<SocketAddr>,

    /// Runs of each cluster that the history keeps
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) keep: u32,

    /// Print the history of runs and end
    #[arg(long, conflicts_with = "every")]
    pub(crate) history: bool,
}

/// A duration as people write it: `90s`, `30m`, `1h`, `1h30m`, `2d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const LEAST: u64 = 1;
    const MOST: u64 = 366 * 86_400;
    let wrong = || format!("`{text}` is no duration: write it as `1h`, `30m` or `90s`");
    let (mut seconds, mut number) = (0u64, String::new());
    for character in text.trim().chars() {
        let unit = match character {
            '0'..='9' if number.len() < 9 => {
                number.push(character);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let of_unit: u64 = number.parse().map_err(|_| wrong())?;
        seconds = seconds.saturating_add(of_unit.saturating_mul(unit));
        number.clear();
    }
    if !number.is_empty() {
        return Err(wrong());
    }
    match (LEAST..=MOST).contains(&seconds) {
        true => Ok(Duration::from_secs(seconds)),
        false => Err("a duration is between one second and one year".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [("1h", 3600), ("90s", 90), ("1h30m", 5400), ("2d", 172_800), (" 5m ", 300)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "1", "h", "1w", "-1h", "0s", "1h5", "1.5h", "99999999999s", "400d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
