//! `seaworthy prove`.

use std::path::PathBuf;

use seaworthy_controls::{Assessment, evaluate};
use seaworthy_evidence::{Declarations, Evidence};
use seaworthy_ingest::collect;
use seaworthy_report::{Context, Format, Style};

use crate::cli::{Global, ProveArgs};
use crate::commands::scan::{ingest_error, targets, write};
use crate::error::{CommandError, Outcome};
use crate::input::{self, Input};
use crate::live;
use crate::output;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::proving::{self, Places, Run, every};

pub(crate) fn run(args: &ProveArgs, global: &Global) -> Result<Outcome, CommandError> {
    if args.in_pod.in_pod {
        return crate::in_pod::run(args, global);
    }
    if args.clean {
        return proving::cleaning::run(&args.cluster, &args.probes);
    }
    if args.continuous.history {
        return proving::print_history(args, args.format.as_deref());
    }
    let mut plan = Plan::new(&args.judge, args.manifests.first().map(PathBuf::as_path), &[], global)?;
    // What is wrong with the flags is found before a cluster is asked.
    proving::agreed(&places(args, &plan))?;
    places(args, &plan).given()?;
    if args.cluster.print_rbac {
        return proving::print_rights(&args.cluster, &places(args, &plan), &plan);
    }
    if let Some(interval) = args.continuous.every {
        return every::run(args, plan, interval, global);
    }
    if args.dry_plan {
        return dry_plan(args, plan);
    }
    // A format that the configuration sets is meant for reports of scans: it counts where it can show proofs.
    let configured = plan.format.as_deref();
    let configured = configured.filter(|name| name.parse::<Format>().is_ok_and(Format::shows_proofs));
    let targets = targets(&args.output, args.format.as_deref(), configured)?;
    if let Some((format, _)) = targets.iter().find(|(format, _)| !format.shows_proofs()) {
        return Err(CommandError::new(format!("a report of `{format}` has no place for proofs"))
            .hint("`terminal`, `json`, `html`, `markdown` and `junit` have"));
    }
    assessed(args, &mut plan, |plan, assessment, input| {
        let context = Context {
            inputs: input.names.clone(),
            skipped: input.skipped.clone(),
            configuration: plan.configuration.clone(),
            style: match (args.all, args.quiet) {
                (true, _) => Style::All,
                (_, true) => Style::Quiet,
                _ => Style::Full,
            },
            only_proofs: true,
            ..output::context(global)
        };
        write(&targets, assessment, &context)?;
        let complete = args.require_complete.unwrap_or(plan.require_complete);
        Ok(proving::outcome(plan, assessment, complete))
    })
}

/// What the flags and the configuration say of places.
pub(crate) fn places<'p>(args: &'p ProveArgs, plan: &'p Plan) -> Places<'p> {
    Places { args: &args.probes, nodes: &args.nodes, configuration: plan.prove.as_ref() }
}

/// Reads the cluster, judges it, tries everything, and hands over the result.
pub(crate) fn assessed<T>(
    args: &ProveArgs,
    plan: &mut Plan,
    then: impl FnOnce(&Plan, &Assessment<'_, '_>, &Input) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let shown = !args.no_progress && !args.quiet;
    let input = read(args, plan, shown)?;
    let plan = &*plan;
    let declared = declared(args, plan)?;
    let evidence = Evidence::new(&input.files);
    let declarations =
        declared.as_ref().map(|declared| Declarations::new(&evidence, Evidence::new(&declared.files)));
    let mut assessment = evaluate(&plan.controls, &evidence, &plan.settings);
    assessment.declarations = declarations.as_ref();
    let known = declarations.as_ref().map(Declarations::evidence);
    let proofs = proving::prove(&args.cluster, &places(args, plan), plan, &evidence, known, shown)?;
    assessment.proofs = Some(proofs);
    then(plan, &assessment, &input)
}

fn read(args: &ProveArgs, plan: &mut Plan, shown: bool) -> Result<Input, CommandError> {
    let progress = Progress::new(shown);
    let input = live::read(&args.cluster, &progress);
    progress.finish();
    let input = input?;
    if let Some(version) = input.version.filter(|_| !plan.version_is_stated) {
        plan.settings.version = version;
    }
    Ok(input)
}

fn declared(args: &ProveArgs, plan: &Plan) -> Result<Option<Input>, CommandError> {
    if args.manifests.is_empty() {
        return Ok(None);
    }
    let collected = collect(&args.manifests, &plan.options, &|_| {}).map_err(ingest_error)?;
    Ok(Some(input::of_files(collected, Vec::new())))
}

fn dry_plan(args: &ProveArgs, mut plan: Plan) -> Result<Outcome, CommandError> {
    let as_json = match args.format.as_deref().unwrap_or("terminal") {
        "terminal" => false,
        "json" => true,
        other => {
            return Err(CommandError::new(format!("a plan cannot be printed as `{other}`"))
                .hint("`--format terminal` and `--format json` can"));
        }
    };
    let input = read(args, &mut plan, !args.no_progress)?;
    let evidence = Evidence::new(&input.files);
    let declared = declared(args, &plan)?;
    let declared = declared.as_ref().map(|declared| Evidence::new(&declared.files));
    let run = Run::plan(&args.cluster, &places(args, &plan), &plan, &evidence, declared.as_ref())?;
    output::to_stdout(|out| proving::write_dry_plan(&run, as_json, out))?;
    Ok(Outcome::Clean)
}
