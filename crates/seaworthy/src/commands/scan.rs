//! `seaworthy scan`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use seaworthy_controls::{Assessment, Proofs, evaluate};
use seaworthy_evidence::{Declarations, Evidence};
use seaworthy_ingest::{Collected, IngestError};
use seaworthy_report::{Context, Format, Skipped, Style};

use crate::cli::{Global, ScanArgs};
use crate::error::{CommandError, Outcome};
use crate::input::{self, Input};
use crate::output;
use crate::plan::{self, Plan};
use crate::progress::Progress;
#[cfg(feature = "live")]
use crate::proving::{self, Places};

pub(crate) fn run(args: &ScanArgs, global: &Global) -> Result<Outcome, CommandError> {
    #[cfg(feature = "live")]
    if let Some(option) = args.cluster.choice().filter(|_| !args.cluster.cluster && !args.nodes.nodes) {
        return Err(CommandError::new(format!("`{option}` is about a live cluster, and none is asked"))
            .hint("add `--cluster`"));
    }
    #[cfg(feature = "live")]
    if args.cluster.print_rbac {
        return crate::live::print_rights(&args.cluster, args.watch.watch);
    }
    #[cfg(feature = "live")]
    if let Some(option) = args.proving.probes.choice().filter(|_| !args.proving.prove) {
        return Err(
            CommandError::new(format!("`{option}` is about probes, and none is made")).hint("add `--prove`")
        );
    }
    judge(args, global, |plan, progress| input::read(args, plan, progress))
}

/// Judges what `read` brings, as the command line says.
pub(crate) fn judge(
    args: &ScanArgs,
    global: &Global,
    read: impl FnOnce(&Plan, &Progress) -> Result<Input, CommandError>,
) -> Result<Outcome, CommandError> {
    // Everything that can be wrong with the command line is found before any work is done.
    let frameworks = plan::frameworks(&args.framework)?;
    let mut plan = Plan::new(&args.judge, input::first_path(args), &frameworks, global)?;
    #[cfg(feature = "live")]
    if args.watch.watch {
        if !args.output.is_empty() {
            return Err(CommandError::new(
                "`--output` cannot be used with `--watch`: there is no end at which a report is written",
            )
            .hint("`--format json` prints one JSON object a line"));
        }
        let progress = Progress::new(!args.no_progress && !args.quiet);
        crate::watching::run(&args.cluster, &args.watch, plan, args.format.as_deref(), &progress, global)?;
        return Ok(Outcome::Clean);
    }
    let targets = targets(&args.output, args.format.as_deref(), plan.format.as_deref())?;
    let baseline = args.baseline.clone().filter(|path| !path.as_os_str().is_empty()).or(plan.baseline.take());
    plan.settings.baseline = baseline.as_deref().map(plan::baseline).transpose()?;

    let progress = Progress::new(!args.no_progress && !args.quiet);
    let read = read(&plan, &progress);
    let declared = input::read_declarations(args, &plan, &progress);
    progress.finish();
    let (mut input, declared) = (read?, declared?);
    if let Some(declared) = &declared {
        input.gaps |= declared.gaps;
        input.skipped.extend(declared.skipped.iter().cloned());
    }
    if let Some(version) = input.version.filter(|_| !plan.version_is_stated) {
        plan.settings.version = version;
    }
    let evidence = Evidence::new(&input.files);
    if !args.manifests.is_empty() && evidence.collection().is_none() {
        return Err(CommandError::new(
            "`--manifests` names the files that declare a cluster, and none was given",
        )
        .hint("add `--cluster`, or name a snapshot that `seaworthy collect` wrote"));
    }
    let declarations =
        declared.as_ref().map(|declared| Declarations::new(&evidence, Evidence::new(&declared.files)));
    let mut assessment = evaluate(&plan.controls, &evidence, &plan.settings);
    assessment.declarations = declarations.as_ref();
    #[cfg(feature = "live")]
    if args.proving.prove {
        let crate::prove_args::ScanProbeArgs { at_nodes: nodes, probes, .. } = &args.proving;
        let places = Places { args: probes, nodes, configuration: plan.prove.as_ref() };
        let wanted = !args.no_progress && !args.quiet;
        let known = declarations.as_ref().map(Declarations::evidence);
        assessment.proofs = Some(proving::prove(&args.cluster, &places, &plan, &evidence, known, wanted)?);
        for (format, _) in targets.iter().filter(|(format, _)| !format.shows_proofs()) {
            output::message(&format!("note: a report of `{format}` has no place for proofs"));
        }
    }
    let context = Context {
        inputs: input.names,
        skipped: input.skipped,
        configuration: plan.configuration,
        baseline: baseline.as_deref().map(output::relative),
        frameworks,
        style: match (args.all, args.quiet) {
            (true, _) => Style::All,
            (_, true) => Style::Quiet,
            _ => Style::Full,
        },
        ..output::context(global)
    };
    write(&targets, &assessment, &context)?;
    let gaps = input.gaps
        || !assessment.unknown.is_empty()
        || evidence
            .diagnostics()
            .iter()
            .any(|diagnostic| diagnostic.severity == seaworthy_evidence::Severity::Error);
    let gaps = gaps || assessment.proofs.as_ref().is_some_and(Proofs::leave_open);
    let outcome = match plan.threshold.is_reached(&assessment) || plan.threshold.is_refuted(&assessment) {
        _ if args.require_complete.unwrap_or(plan.require_complete) && gaps => Outcome::Incomplete,
        true => Outcome::Findings,
        false => Outcome::Clean,
    };
    // The process is about to end: giving millions of pieces of memory back one by one would only take time.
    std::mem::forget((assessment.findings, assessment.unknown));
    std::mem::forget(evidence);
    std::mem::forget(input.files);
    Ok(outcome)
}

/// Writes every report to where it goes.
pub(crate) fn write(
    targets: &[(Format, Target)],
    assessment: &Assessment<'_, '_>,
    context: &Context<'_>,
) -> Result<(), CommandError> {
    for (format, target) in targets {
        match target {
            Target::Stdout => {
                output::to_stdout(|out| seaworthy_report::write(*format, assessment, context, out))?;
            }
            Target::File(path) => {
                let context = Context { color: false, ..context.clone() };
                write_file(path, |out| seaworthy_report::write(*format, assessment, &context, out))?;
            }
        }
    }
    Ok(())
}

pub(crate) enum Target {
    Stdout,
    File(PathBuf),
}

/// Where each report goes. `--output FORMAT=-` takes the place of `--format` on standard output.
pub(crate) fn targets(
    outputs: &[String],
    format: Option<&str>,
    configured: Option<&str>,
) -> Result<Vec<(Format, Target)>, CommandError> {
    let mut targets = Vec::new();
    for output in outputs {
        let Some((format, path)) = output.split_once('=') else {
            // A format alone has no file to go to.
            if let Ok(format) = output.parse() {
                targets.push((format, Target::Stdout));
                continue;
            }
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
        0 => {
            let format = format.or(configured).unwrap_or("terminal");
            targets.push((parse_format(format)?, Target::Stdout));
        }
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

/// What was passed over, by reason, with a few names each.
pub(crate) fn skipped(collected: &Collected) -> Vec<Skipped> {
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
