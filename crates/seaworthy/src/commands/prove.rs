//! `seaworthy prove`.

use seaworthy_evidence::Evidence;

use crate::cli::{Global, ProveArgs};
use crate::error::{CommandError, Outcome};
use crate::live;
use crate::output;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::proving::Run;

pub(crate) fn run(args: &ProveArgs, global: &Global) -> Result<Outcome, CommandError> {
    if args.probes.in_pod.in_pod {
        return crate::in_pod::run(args, global);
    }
    if args.probes.clean {
        return crate::proving::cleaning::run(&args.cluster, &args.probes);
    }
    let mut plan = Plan::new(&args.judge, None, &[], global)?;
    let progress = Progress::new(!args.no_progress);
    let input = live::read(&args.cluster, &progress);
    progress.finish();
    let input = input?;
    if let Some(version) = input.version.filter(|_| !plan.version_is_stated) {
        plan.settings.version = version;
    }
    let evidence = Evidence::new(&input.files);
    let run = Run::plan(&args.cluster, &args.probes, &plan.controls, &evidence, &plan.settings)?;
    if args.dry_plan {
        output::to_stdout(|out| {
            for planned in &run.planned {
                writeln!(out, "{} on {}", planned.control.id, planned.attempt.subject())?;
                for step in planned.attempt.steps() {
                    writeln!(out, "  {}", step.request)?;
                }
            }
            Ok(())
        })?;
        return Ok(Outcome::Clean);
    }
    let tried = run.carry_out(&|_| {});
    run.tell_left();
    let proofs: Vec<_> = run
        .planned
        .iter()
        .zip(&tried)
        .map(|(planned, tried)| {
            let subject = planned.attempt.subject();
            serde_json::json!({
                "control": planned.control.id,
                "probe": planned.probe.name,
                "subject": {"kind": subject.kind, "namespace": subject.namespace, "name": subject.name},
                "verdict": tried.outcome.verdict.name(),
                "reason": tried.outcome.reason,
                "needs": tried.outcome.needs,
                "request": tried.request,
                "reply": tried.reply,
                "sideEffect": planned.probe.side_effect.to_string(),
                "at": tried.at,
            })
        })
        .collect();
    output::to_stdout(|out| writeln!(out, "{:#}", serde_json::json!({ "proofs": proofs })))?;
    Ok(Outcome::Clean)
}
