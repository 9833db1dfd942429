//! `seaworthy scan`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use seaworthy_controls::{
    Assessment, PARAMETERS, ParameterError, Parameters, Phase, Settings, Severity, evaluate, nearest,
};
use seaworthy_evidence::Evidence;
use seaworthy_ingest::{Collected, IngestError, Options, collect};
use seaworthy_podsecurity::Version;
use seaworthy_report::{Context, Format, Skipped, Style};

use super::rendering;
use crate::cli::{Global, ScanArgs};
use crate::error::{CommandError, Outcome};
use crate::progress::Progress;
use crate::{output, selection};

pub(crate) fn run(args: &ScanArgs, global: &Global) -> Result<Outcome, CommandError> {
    // Everything that can be wrong with the command line is found before any work is done.
    let controls = selection::controls(&args.select)?;
    let targets = targets(args)?;
    let threshold: Threshold = args.fail_on.parse()?;
    let settings = Settings {
        version: kubernetes_version(&args.kubernetes_version)?,
        parameters: parameters(&args.parameters)?,
        ..Settings::default()
    };
    let options = Options {
        max_file_size: args.max_file_size,
        hidden: args.hidden,
        respect_ignore_files: !args.no_ignore,
        render: rendering::options(&args.render, &args.kubernetes_version)?,
    };

    let progress = Progress::new(!args.no_progress && !args.quiet);
    let collected = collect(&args.paths, &options, &|event| progress.on(event)).map_err(ingest_error);
    progress.finish();
    let collected = collected?;
    let evidence = Evidence::new(&collected.files);
    let assessment = evaluate(&controls, &evidence, &settings);
    let context = Context {
        inputs: args.paths.iter().map(|path| path.display().to_string()).collect(),
        skipped: skipped(&collected),
        style: match (args.all, args.quiet) {
            (true, _) => Style::All,
            (_, true) => Style::Quiet,
            _ => Style::Full,
        },
        ..output::context(global)
    };
    for (format, target) in &targets {
        match target {
            Target::Stdout => {
                output::to_stdout(|out| seaworthy_report::write(*format, &assessment, &context, out))?;
            }
            Target::File(path) => {
                let context = Context { color: false, ..context.clone() };
                write_file(path, |out| seaworthy_report::write(*format, &assessment, &context, out))?;
            }
        }
    }
    let gaps = collected.skipped.iter().any(|skipped| skipped.reason.leaves_gap())
        || !assessment.unknown.is_empty()
        || evidence
            .diagnostics()
            .iter()
            .any(|diagnostic| diagnostic.severity == seaworthy_evidence::Severity::Error);
    let outcome = match threshold.is_reached(&assessment) {
        _ if args.require_complete && gaps => Outcome::Incomplete,
        true => Outcome::Findings,
        false => Outcome::Clean,
    };
    // The process is about to end: giving millions of pieces of memory back one by one would only take time.
    std::mem::forget((assessment.findings, assessment.unknown));
    std::mem::forget(evidence);
    std::mem::forget(collected);
    Ok(outcome)
}

enum Target {
    Stdout,
    File(PathBuf),
}

/// Where each report goes. `--output FORMAT=-` takes the place of `--format` on standard output.
fn targets(args: &ScanArgs) -> Result<Vec<(Format, Target)>, CommandError> {
    let mut targets = Vec::new();
    for output in &args.output {
        let Some((format, path)) = output.split_once('=') else {
            return Err(CommandError::new(format!("`--output {output}` names no file"))
                .hint("write it as `FORMAT=FILE`, for example `--output sarif=out.sarif`"));
        };
        let target = match path {
            "" => return Err(CommandError::new(format!("`--output {output}` names no file"))),
            "-" => Target::Stdout,
            path => Target::File(path.into()),
        };
        targets.push((parse_format(format)?, target));
    }
    match targets.iter().filter(|(_, target)| matches!(target, Target::Stdout)).count() {
        0 => targets.push((parse_format(&args.format)?, Target::Stdout)),
        1 => {}
        _ => return Err(CommandError::new("two reports cannot both go to standard output")),
    }
    Ok(targets)
}

fn parse_format(word: &str) -> Result<Format, CommandError> {
    word.parse().map_err(|error| {
        let names: Vec<_> = Format::ALL.iter().map(|format| format!("`{format}`")).collect();
        CommandError::new(format!("{error}")).hint(format!("the formats are {}", names.join(", ")))
    })
}

fn kubernetes_version(text: &str) -> Result<Version, CommandError> {
    text.parse().map_err(|_| {
        CommandError::new(format!("`{text}` is no Kubernetes version"))
            .hint("write it as `v1.33`, or `latest`")
    })
}

fn parameters(assignments: &[String]) -> Result<Parameters, CommandError> {
    let mut parameters = Parameters::default();
    for assignment in assignments {
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(CommandError::new(format!("`--set {assignment}` sets nothing"))
                .hint("write it as `NAME=VALUE`"));
        };
        parameters.set(name.trim(), value).map_err(|error| match &error {
            ParameterError::Unknown(name) => {
                let near = nearest(name, PARAMETERS.iter().map(|parameter| parameter.name));
                let hint = match near.first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`seaworthy explain` names the parameters of a control".to_owned(),
                };
                CommandError::new(error.to_string()).hint(hint)
            }
            ParameterError::Invalid { .. } => CommandError::new(error.to_string()),
        })?;
    }
    Ok(parameters)
}

/// When findings make the program exit with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Threshold {
    Never,
    Severity(Severity),
    Phase(Phase),
}

impl std::str::FromStr for Threshold {
    type Err = CommandError;

    fn from_str(word: &str) -> Result<Threshold, CommandError> {
        let severity =
            Severity::ALL.into_iter().find(|severity| severity.name() == word).map(Threshold::Severity);
        let phase = Phase::ALL.into_iter().find(|phase| phase.name() == word).map(Threshold::Phase);
        let never = (word == "never").then_some(Threshold::Never);
        severity.or(phase).or(never).ok_or_else(|| {
            CommandError::new(format!("`--fail-on {word}`: there is no such severity or phase")).hint(
                "it takes `low`, `medium`, `high`, `critical`, `quick-win`, `next-step`, `research` or `never`",
            )
        })
    }
}

impl Threshold {
    fn is_reached(self, assessment: &Assessment<'_, '_>) -> bool {
        match self {
            Threshold::Never => false,
            Threshold::Severity(least) => assessment.worst().is_some_and(|worst| worst >= least),
            Threshold::Phase(last) => assessment.earliest_phase().is_some_and(|phase| phase <= last),
        }
    }
}

/// What was passed over, by reason, with a few names each.
fn skipped(collected: &Collected) -> Vec<Skipped> {
    const EXAMPLES: usize = 5;
    let mut by_reason: BTreeMap<String, Skipped> = BTreeMap::new();
    for skipped in &collected.skipped {
        let reason = skipped.reason.to_string();
        let entry = by_reason.entry(reason.clone()).or_insert_with(|| Skipped {
            reason,
            count: 0,
            examples: Vec::new(),
        });
        entry.count += 1;
        if entry.examples.len() < EXAMPLES {
            entry.examples.push(skipped.path.clone());
        }
    }
    by_reason.into_values().collect()
}

fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), CommandError> {
    let fault = |error: std::io::Error| CommandError::output(&format!("`{}`", path.display()), &error);
    let mut out = BufWriter::with_capacity(1 << 16, File::create(path).map_err(fault)?);
    write(&mut out).and_then(|()| out.flush()).map_err(fault)
}

/// The error for a path that could not be read.
pub(crate) fn ingest_error(error: IngestError) -> CommandError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    CommandError::new(format!("{error}{cause}"))
        .hint("name files or folders that exist, or `-` for standard input")
}
