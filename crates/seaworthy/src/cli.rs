//! The command line; `--help`, completions and the manual all come from here.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Measures the security controls of Kubernetes and leads up the mountain of hardening in order.
#[derive(Debug, Parser)]
#[command(name = "seaworthy", version, styles = STYLES, max_term_width = 110)]
#[command(after_help = "\
Examples:
  seaworthy scan deploy/                     what holds, what does not, and what to do first
  seaworthy scan - < rendered.yaml           the same for one stream
  seaworthy explain pods/privileged          why a control matters and how to meet it
  seaworthy pods evaluate --level restricted deploy/

Exit codes:
  0  nothing at or over the threshold (`--fail-on`)
  1  findings
  2  wrong usage or input
  3  something was not evaluated and `--require-complete` was given

Nothing leaves this machine: there is no telemetry and no update check.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// When to colour what is printed
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, env = "SEAWORTHY_COLOR", value_name = "WHEN")]
    pub(crate) color: Colour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge manifests, a live cluster or a node, and print a roadmap of what to do, in order
    Scan(Box<ScanArgs>),
    /// Store what a live cluster or a node shows in a file, to judge it later or elsewhere
    #[cfg(feature = "live")]
    Collect(Box<CollectArgs>),
    /// Try on a live cluster what each control forbids, harmlessly, and set what is declared against what is proved
    #[cfg(feature = "live")]
    Prove(Box<ProveArgs>),
    /// Compare two reports, or two folders: what is new, what is fixed, what cannot be told
    Diff(DiffArgs),
    /// Explain a control: why it matters, how it is judged, how to cure it
    Explain(ExplainArgs),
    /// List the controls of the catalogue
    Controls(ControlsArgs),
    /// Judge pods by the Pod Security Standards, exactly as the API server does
    Pods(PodsArgs),
    /// Read nodes: the one that this runs on, or all of a cluster by pods that remove themselves
    Nodes(crate::node_args::NodesArgs),
    /// Judge manifests while they are edited: a language server on standard input and output
    Lsp(LspArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man(ManArgs),
}

/// Which controls.
#[derive(Debug, Args)]
pub(crate) struct SelectArgs {
    /// Only these controls: an id, `family`, phase, severity, framework (`cis`, `nsa`, `pss:baseline`) or another
    /// tool's id (`CKV_K8S_16`, `kubescape:C-0057`, `KSV-0017`); several with commas or by repeating
    #[arg(long, short, value_delimiter = ',', env = "SEAWORTHY_SELECT", value_name = "WORD")]
    pub(crate) select: Vec<String>,

    /// Not these controls; the same words as `--select`
    #[arg(long, value_delimiter = ',', env = "SEAWORTHY_IGNORE", value_name = "WORD")]
    pub(crate) ignore: Vec<String>,
}

/// By what manifests are judged: flags over environment over `.seaworthy.yaml` over defaults.
#[derive(Debug, Args)]
pub(crate) struct JudgeArgs {
    #[command(flatten)]
    pub(crate) select: SelectArgs,

    /// Exit with 1 when there is a finding of this severity or worse (`low`, `medium`, `high`, `critical`), or in
    /// this phase or an earlier one (`quick-win`, `next-step`, `research`); `never` always exits with 0 [default: low]
    #[arg(long, env = "SEAWORTHY_FAIL_ON", value_name = "SEVERITY|PHASE")]
    pub(crate) fail_on: Option<String>,

    /// Kubernetes version of the cluster that the manifests are for, as `v1.33` [default: latest]
    #[arg(long, env = "SEAWORTHY_KUBERNETES_VERSION", value_name = "VERSION")]
    pub(crate) kubernetes_version: Option<String>,

    /// Set a parameter, as `images.registries=ghcr.io/acme`; `seaworthy explain` names the parameters of a control
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,

    /// Read the configuration from this file instead of the `.seaworthy.yaml` that is found upward from the first path
    #[arg(long, env = "SEAWORTHY_CONFIG", value_hint = ValueHint::FilePath, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,

    /// Look for no `.seaworthy.yaml`
    #[arg(long)]
    pub(crate) no_config: bool,

    /// Read further exceptions from a file, or from the YAML files of a folder; may be repeated
    #[arg(long, env = "SEAWORTHY_EXCEPTIONS", value_hint = ValueHint::AnyPath, value_name = "FILE|FOLDER")]
    pub(crate) exceptions: Vec<PathBuf>,

    /// The day as of which exceptions expire, as `2027-03-31`; else that of SOURCE_DATE_EPOCH, else today (UTC)
    #[arg(long, value_name = "DATE")]
    pub(crate) today: Option<String>,

    /// Leave out files and folders that match, as in `.gitignore`; several with commas or by repeating
    #[arg(long, value_delimiter = ',', env = "SEAWORTHY_EXCLUDE", value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,

    /// Read hidden files and folders too
    #[arg(long)]
    pub(crate) hidden: bool,

    /// Read files that `.gitignore` and `.ignore` leave out
    #[arg(long)]
    pub(crate) no_ignore: bool,

    /// Files with more bytes are not read
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20)]
    pub(crate) max_file_size: u64,

    #[command(flatten)]
    pub(crate) render: RenderArgs,
}

/// Storing what a cluster holds.
#[cfg(feature = "live")]
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  seaworthy collect --cluster --output snapshot.tar.zst
  seaworthy scan snapshot.tar.zst                         the same result as that of `scan --cluster`

Values of Secrets are neither read nor stored; everything else that objects say is. Keep the file as you would keep a
backup of the cluster's configuration.")]
pub(crate) struct CollectArgs {
    #[command(flatten)]
    pub(crate) cluster: crate::cluster_args::ClusterArgs,

    #[command(flatten)]
    pub(crate) nodes: crate::node_args::ScanNodesArgs,

    #[command(flatten)]
    pub(crate) node: crate::node_args::NodeArgs,

    /// The file to write: a tar archive, compressed by Zstandard unless its name ends in `.tar`
    #[arg(long, short, value_hint = ValueHint::FilePath, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Show no progress bar
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// Trying controls.
#[cfg(feature = "live")]
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  seaworthy prove                                     everything that can be tried without changing anything
  seaworthy prove --dry-plan                          every request that would be made, without making any
  seaworthy prove --select kubelet,api-server         some controls
  seaworthy prove --consent canary                    also what needs objects of its own, which are removed again
  seaworthy prove --etcd https://10.0.0.5:2379 --etcd-ca ca.crt --etcd-cert client.crt --etcd-key client.key
  seaworthy prove --print-rbac --consent canary       the rights that this needs, and no others
  seaworthy prove --every 1h --metrics-addr 127.0.0.1:9465
  seaworthy prove --history                           what turned, run by run
  seaworthy prove --clean                             remove what a run that was killed has left
  seaworthy prove --format json > proofs.json

Exit codes:
  0  nothing refuted at or over the threshold (`--fail-on`)
  1  a control is refuted
  2  wrong usage or input
  3  something is inconclusive and `--require-complete` was given

docs/proving.md is the guide, docs/proofs.md says what is sent for each control and what it proves.")]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,

    #[command(flatten)]
    pub(crate) cluster: crate::cluster_args::ClusterArgs,

    #[command(flatten)]
    pub(crate) probes: crate::prove_args::ProbeArgs,

    /// The address of a node, beside those that the cluster tells; may be repeated
    #[arg(
        long = "node",
        alias = "at-node",
        help_heading = "Probes",
        value_delimiter = ',',
        value_name = "ADDRESS"
    )]
    pub(crate) nodes: Vec<String>,

    #[command(flatten)]
    pub(crate) in_pod: crate::in_pod::InPodArgs,

    #[command(flatten)]
    pub(crate) continuous: crate::prove_args::EveryArgs,

    /// Try nothing: remove what earlier runs on this cluster could not remove themselves
    #[arg(long)]
    pub(crate) clean: bool,

    /// Print every request that would be made, and make none of them; the cluster is read to plan them
    #[arg(long)]
    pub(crate) dry_plan: bool,

    /// Say where these files and folders, which declare the cluster, say otherwise than the cluster. May be repeated
    #[arg(long, value_hint = ValueHint::AnyPath, value_name = "PATH")]
    pub(crate) manifests: Vec<PathBuf>,

    /// What to print on standard output: terminal, json, html, markdown or junit [default: terminal]
    #[arg(long, short, env = "SEAWORTHY_FORMAT", value_name = "FORMAT")]
    pub(crate) format: Option<String>,

    /// Write a report to a file as well, as `json=proofs.json`; may be repeated, `-` is standard output
    #[arg(long, short, value_name = "FORMAT=FILE")]
    pub(crate) output: Vec<String>,

    /// Exit with 3 when something is inconclusive; `=false` when the configuration says so
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) require_complete: Option<bool>,

    /// Show every attempt
    #[arg(long, short, conflicts_with = "quiet")]
    pub(crate) all: bool,

    /// One line per refuted attempt and nothing else
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Show no progress bar
    #[arg(long)]
    pub(crate) no_progress: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  seaworthy diff main.json pr.json                        two reports of `scan --format json`
  seaworthy diff ../main/deploy deploy --fail-on high     two folders; exit code 1 when something got worse
  seaworthy diff last-week.json deploy --format markdown  for a comment on a pull request

Exit codes: 1 when a finding at or over `--fail-on` is new, or has become that severe.")]
pub(crate) struct DiffArgs {
    /// What was: a report, a file or a folder
    #[arg(value_hint = ValueHint::AnyPath, value_name = "OLD")]
    pub(crate) old: PathBuf,

    /// What is: a report, a file or a folder; `-` is a report on standard input
    #[arg(value_hint = ValueHint::AnyPath, value_name = "NEW")]
    pub(crate) new: PathBuf,

    #[command(flatten)]
    pub(crate) judge: JudgeArgs,

    /// How to print the differences
    #[arg(long, short, value_enum, default_value_t = DiffFormat::Terminal)]
    pub(crate) format: DiffFormat,

    /// Show every finding
    #[arg(long, short)]
    pub(crate) all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people
    Terminal,
    /// For programs
    Json,
    /// For comments on pull requests
    Markdown,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  seaworthy scan deploy/
  seaworthy scan --all deploy/web.yaml              every finding with its source line
  seaworthy scan --cluster --context production     what runs: a live cluster, see docs/clusters.md
  seaworthy scan --cluster --manifests deploy/      and where it is declared, and what drifted
  seaworthy scan --cluster --prove                  and what happens when it is tried, see docs/proving.md
  sudo seaworthy scan --node                        the node that this runs on, see docs/nodes.md
  seaworthy scan snapshot.tar.zst                   what `seaworthy collect` has stored
  seaworthy scan charts/shop --helm-values prod.yaml   charts and overlays are rendered first
  seaworthy scan deploy/ --output sarif=out.sarif --output html=report.html
  seaworthy scan deploy/ --select pss:baseline --fail-on high
  seaworthy scan deploy/ --set images.registries=registry.example.com,ghcr.io/acme
  seaworthy scan deploy/ --baseline last-week.json  only what is new
  seaworthy scan deploy/ --framework nsa,cis        where the items of frameworks stand

Settings of a team stand in `.seaworthy.yaml`, accepted risks in exceptions: see docs/configuration.md and
docs/exceptions.md.")]
pub(crate) struct ScanArgs {
    /// Files, folders and snapshots of clusters; `-` is standard input. In folders, `.yaml`, `.yml` and `.json` files are
    /// read, charts and overlays are rendered
    #[cfg_attr(feature = "live", arg(required_unless_present_any = ["cluster", "node", "print_rbac"], conflicts_with_all = ["cluster", "node", "print_rbac"]))]
    #[cfg_attr(not(feature = "live"), arg(required_unless_present = "node", conflicts_with = "node"))]
    #[arg(value_hint = ValueHint::AnyPath, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) judge: JudgeArgs,

    #[cfg(feature = "live")]
    #[command(flatten)]
    pub(crate) cluster: crate::cluster_args::ClusterArgs,

    #[cfg(feature = "live")]
    #[command(flatten)]
    pub(crate) watch: crate::cluster_args::WatchArgs,

    #[cfg(feature = "live")]
    #[command(flatten)]
    pub(crate) proving: crate::prove_args::ScanProbeArgs,

    #[cfg(feature = "live")]
    #[command(flatten)]
    pub(crate) nodes: crate::node_args::ScanNodesArgs,

    #[command(flatten)]
    pub(crate) node: crate::node_args::NodeArgs,

    /// Say of what the cluster holds where these files and folders declare it, and what has drifted from that; with
    /// `--cluster` or a snapshot. May be repeated
    #[arg(long, value_hint = ValueHint::AnyPath, value_name = "PATH")]
    pub(crate) manifests: Vec<PathBuf>,

    /// Show only what is new against a former report (`--format json`); what it knows counts as known, and only the
    /// rest decides the exit code
    #[arg(long, env = "SEAWORTHY_BASELINE", value_hint = ValueHint::FilePath, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Sum up where the items of a framework stand (with `cis` the whole benchmark), and judge its controls only: `nsa`, `cis`, `pss` or `mitre`;
    /// several with commas or by repeating
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub(crate) framework: Vec<String>,

    /// What to print on standard output: terminal, json, sarif, html, markdown, junit, github, gitlab, open-reports,
    /// policy-report, csv or kube-bench-json
    /// [default: terminal]
    #[arg(long, short, env = "SEAWORTHY_FORMAT", value_name = "FORMAT")]
    pub(crate) format: Option<String>,

    /// Write a report to a file as well, as `sarif=out.sarif`; may be repeated, `-` is standard output (then
    /// nothing else is printed there)
    #[arg(long, short, value_name = "FORMAT=FILE")]
    pub(crate) output: Vec<String>,

    /// Exit with 3 when something could not be read or decided; `=false` when the configuration says so
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) require_complete: Option<bool>,

    /// Show every finding with its source line
    #[arg(long, short, conflicts_with = "quiet")]
    pub(crate) all: bool,

    /// One line per finding and nothing else
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Show no progress bar
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// Charts and overlays.
#[derive(Debug, Args)]
#[command(next_help_heading = "Charts and overlays")]
pub(crate) struct RenderArgs {
    /// Values for the charts among the scanned folders, for those that no Flux or Argo CD object gives values to;
    /// may be repeated, later files win
    #[arg(long, value_hint = ValueHint::FilePath, value_name = "FILE")]
    pub(crate) helm_values: Vec<PathBuf>,

    /// A single value for the same charts, as `image.tag=1.2`; wins over files
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) helm_set: Vec<String>,

    /// The namespace that the same charts are rendered for
    #[arg(long, value_name = "NAMESPACE", default_value = "default")]
    pub(crate) helm_namespace: String,

    /// Do not run helm, kustomize or kubectl: judge files as they stand
    #[arg(long)]
    pub(crate) no_render: bool,

    /// Seconds that one chart or overlay may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) render_timeout: u64,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  seaworthy explain pods/privileged
  seaworthy explain CKV_K8S_16                      by the name that another tool gives it")]
pub(crate) struct ExplainArgs {
    /// A control's id, or its id in another tool or framework
    pub(crate) control: String,

    /// How to print it
    #[arg(long, short, value_enum, default_value_t = ExplainFormat::Terminal)]
    pub(crate) format: ExplainFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// For people
    Terminal,
    /// As in `docs/controls`
    Markdown,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  seaworthy controls
  seaworthy controls --select secrets --format json
  seaworthy controls --select pss:restricted")]
pub(crate) struct ControlsArgs {
    #[command(flatten)]
    pub(crate) select: SelectArgs,

    /// How to print them
    #[arg(long, short, value_enum, default_value_t = ControlsFormat::Table)]
    pub(crate) format: ControlsFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ControlsFormat {
    /// A table
    Table,
    /// One JSON document
    Json,
    /// Ids only, one a line
    Ids,
}

#[derive(Debug, Args)]
pub(crate) struct PodsArgs {
    #[command(subcommand)]
    pub(crate) command: PodsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PodsCommand {
    /// Evaluate pods and pod templates against a level of the Pod Security Standards
    Evaluate(EvaluateArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  seaworthy pods evaluate deploy/                         the highest level that each pod meets
  seaworthy pods evaluate --level restricted --version v1.29 --format jsonl deploy/
  seaworthy pods evaluate --requests - < requests.jsonl   {\"object\": {…}, \"level\": \"baseline\", \"version\": \"latest\"}

Messages are those of the API server's Pod Security admission, byte for byte. Exit code 1: a pod does not meet the
level, or the API server would refuse to decode it.")]
pub(crate) struct EvaluateArgs {
    /// Files and folders; `-` is standard input
    #[arg(required_unless_present = "requests", value_hint = ValueHint::AnyPath, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// The level to meet; without it, the highest level that each pod meets is printed
    #[arg(long, value_name = "LEVEL", value_parser = ["privileged", "baseline", "restricted"])]
    pub(crate) level: Option<String>,

    /// The version of the standards: `latest` or `v1.N`
    #[arg(long, value_name = "VERSION", default_value = "latest")]
    pub(crate) version: String,

    /// How to print the answers
    #[arg(long, short, value_enum, default_value_t = EvaluateFormat::Text)]
    pub(crate) format: EvaluateFormat,

    /// Answer requests instead: a file (`-`: standard input) with one JSON object a line, holding `path` or `object`,
    /// `level` and `version`; one line of answer per request, in order
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "level"])]
    pub(crate) requests: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EvaluateFormat {
    /// For people
    Text,
    /// One JSON object a line
    Jsonl,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Editors start it by themselves; see docs/editors.md for Neovim, VS Code, Helix and Emacs.
It serves on standard input and output and needs no arguments.")]
pub(crate) struct LspArgs {
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,

    /// Serve on standard input and output; that is what it always does, and what editors ask for
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  seaworthy completions bash > /etc/bash_completion.d/seaworthy
  seaworthy completions zsh > \"${fpath[1]}/_seaworthy\"
  seaworthy completions fish > ~/.config/fish/completions/seaworthy.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  seaworthy man | man -l -
  seaworthy man --output /usr/local/share/man/man1   one page per command")]
pub(crate) struct ManArgs {
    /// Write one page per command into this folder instead of printing the first
    #[arg(long, value_hint = ValueHint::DirPath, value_name = "FOLDER")]
    pub(crate) output: Option<PathBuf>,
}
