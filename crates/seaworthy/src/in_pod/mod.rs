//! `seaworthy prove --in-pod`: what an intruder would find in the pod that this runs in.

mod args;
mod place;
mod probe_pod;

use std::time::Duration;

use seaworthy_controls::probe::Planned;
use seaworthy_controls::probe::inside::plan;
use seaworthy_probe::{Attempt, Verdict};
use seaworthy_prober::{Prober, ProberOptions, Tried};

pub(crate) use args::InPodArgs;

use crate::cli::{Global, ProveArgs};
use crate::error::{CommandError, Outcome};
use crate::live::cluster_error;
use crate::output;
use crate::plan::Plan;
use crate::proving::{Places, run_name};

pub(crate) fn run(args: &ProveArgs, global: &Global) -> Result<Outcome, CommandError> {
    let own = &args.in_pod;
    if !own.listen.is_empty() {
        return probe_pod::listen(&own.listen);
    }
    if !own.connect.is_empty() || !own.connect_denied.is_empty() {
        std::thread::sleep(Duration::from_secs(own.settle));
        return probe_pod::connect(&own.connect, &own.connect_denied, Duration::from_secs(own.patience));
    }
    if own.print_status {
        return probe_pod::print_status();
    }
    let as_json = match args.format.as_deref().unwrap_or("terminal") {
        "terminal" => false,
        "json" => true,
        other => {
            return Err(CommandError::new(format!("there is no report of `{other}` from inside of a pod"))
                .hint("`terminal` and `json` can be had"));
        }
    };
    let all = Plan::new(&args.judge, None, &[], global)?;
    let places = Places { args: &args.probes, nodes: &args.nodes, configuration: all.prove.as_ref() };
    let inside = place::inside(own, &places)?;
    let planned = plan(&all.controls, &inside);
    if args.dry_plan {
        output::to_stdout(|out| {
            for planned in &planned {
                writeln!(out, "{} on {}", planned.control.id, planned.attempt.subject())?;
                for step in planned.attempt.steps() {
                    writeln!(out, "  {}", step.request)?;
                }
            }
            Ok(())
        })?;
        return Ok(Outcome::Clean);
    }
    let mut cluster = args.cluster.options();
    cluster.request_timeout = args.probes.probe_time();
    let options = ProberOptions {
        cluster,
        run: run_name(),
        at_a_time: usize::from(args.probes.at_a_time),
        budget: places.budget(),
        whole_time: args.probes.whole_time(),
        ..ProberOptions::default()
    };
    let without = |options| Prober::without_account(options, &inside.api.host, inside.api.port);
    let prober = match inside.has_account {
        // A token beside a certificate that is empty or broken is shown to nobody: what needs it comes out inconclusive.
        true => Prober::connect(options.clone()).or_else(|_| without(options)),
        false => without(options),
    };
    let prober = prober.map_err(cluster_error)?;
    let attempts: Vec<Attempt> = planned.iter().map(|planned| planned.attempt.clone()).collect();
    let tried = prober.carry_out(&attempts, &|_| {});
    let proofs: Vec<(&Planned, &Tried)> = planned.iter().zip(&tried).collect();
    output::to_stdout(|out| if as_json { write_json(&proofs, out) } else { write_text(&proofs, out) })?;
    Ok(Outcome::Clean)
}

fn write_json(proofs: &[(&Planned, &Tried)], out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let proofs: Vec<_> = proofs
        .iter()
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
    writeln!(out, "{:#}", serde_json::json!({ "proofs": proofs }))
}

/// What an intruder finds first, then what holds, then what nobody knows.
fn write_text(proofs: &[(&Planned, &Tried)], out: &mut dyn std::io::Write) -> std::io::Result<()> {
    if let Some((planned, _)) = proofs.first() {
        writeln!(out, "What an intruder finds in {}", planned.attempt.subject())?;
    }
    let groups = [
        (Verdict::Refuted, "within reach"),
        (Verdict::Proved, "out of reach"),
        (Verdict::Inconclusive, "not decided"),
    ];
    for (verdict, title) in groups {
        let of: Vec<_> = proofs.iter().filter(|(_, tried)| tried.outcome.verdict == verdict).collect();
        if of.is_empty() {
            continue;
        }
        writeln!(out, "\n{title} ({})", of.len())?;
        for (planned, tried) in of {
            writeln!(out, "  {}", planned.control.title)?;
            writeln!(out, "    {} [{}]", tried.outcome.reason, planned.control.id)?;
            if let Some(needs) = &tried.outcome.needs {
                writeln!(out, "    needs {needs}")?;
            }
        }
    }
    Ok(())
}
