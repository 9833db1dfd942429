//! `prove --dry-plan`: what would be asked, without asking.

use std::collections::HashSet;
use std::io::{self, Write};

use seaworthy_controls::probe::{Planned, Right};
use seaworthy_probe::{Request, Step, StepRole};
use seaworthy_report::printable;
use serde_json::{Value, json};

use super::Run;

/// Writes a plan, for people or as JSON.
pub(crate) fn write(run: &Run, as_json: bool, out: &mut dyn Write) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{:#}", document(run));
    }
    for group in run.planned.chunk_by(same_probe) {
        write_probe(group, out)?;
        writeln!(out)?;
    }
    let attempts = run.planned.iter().filter(|planned| planned.attempt.impossible().is_none()).count();
    let caller = run.caller.as_ref().map(|caller| caller.user.as_str());
    writeln!(
        out,
        "{attempts} attempts, {} different requests of at most {}, {} at a time and {} a second at most, as {}, with consent {}.",
        different(run).len(),
        run.budget,
        run.at_a_time,
        run.per_second,
        printable(caller.unwrap_or("somebody whom the API server does not name")),
        run.consent.name()
    )?;
    writeln!(
        out,
        "None of them was made. The cluster was read to plan them, as `seaworthy scan --cluster` does."
    )
}

fn same_probe(one: &Planned, other: &Planned) -> bool {
    one.control.id == other.control.id && std::ptr::eq(one.probe, other.probe)
}

fn write_probe(group: &[Planned], out: &mut dyn Write) -> io::Result<()> {
    let Some(Planned { control, probe, .. }) = group.first() else { return Ok(()) };
    let name = if probe.name.is_empty() { String::new() } else { format!(", probe {}", probe.name) };
    writeln!(out, "{}{name}: {}", control.id, probe.asks)?;
    writeln!(
        out,
        "  consent {}; side effect: {}; rights: {}",
        probe.consent.name(),
        probe.side_effect,
        rights(probe.rights)
    )?;
    for Planned { attempt, also, .. } in group {
        if !also.is_empty() {
            let also: Vec<&str> = also.iter().map(|also| also.control.id).collect();
            writeln!(out, "  decides as well: {}", also.join(", "))?;
        }
        let subject = attempt.subject().to_string();
        match attempt.impossible() {
            Some(outcome) => writeln!(
                out,
                "  {}: cannot be tried: {}; {} would make it possible",
                printable(&subject),
                printable(&outcome.reason),
                printable(outcome.needs.as_deref().unwrap_or("nothing"))
            )?,
            None => writeln!(out, "  {}", printable(&subject))?,
        }
        for step in attempt.steps() {
            writeln!(out, "    {:<5} {}{}", role(step), printable(&step.request.to_string()), again(step))?;
        }
    }
    Ok(())
}

/// What the step is for: a positive control is a check of the way.
fn role(step: &Step) -> &'static str {
    match step.role {
        StepRole::Control(_) => "check",
        StepRole::Ask => "ask",
    }
}

fn again(step: &Step) -> String {
    match (step.until, step.times) {
        (Some((_, most)), _) => format!(" (again every second, at most {} s)", most.as_secs()),
        (None, 2..) => format!(" (at most {} times)", step.times),
        (None, _) => String::new(),
    }
}

fn rights(rights: &[Right]) -> String {
    let right = |right: &Right| match right.group {
        "" => format!("{} {}", right.verbs.join(","), right.resource),
        group => format!("{} {}.{group}", right.verbs.join(","), right.resource),
    };
    match rights {
        [] => "none".to_owned(),
        rights => rights.iter().map(right).collect::<Vec<_>>().join("; "),
    }
}

/// Requests that differ: the executor asks once for those that do not, as far as they change nothing.
fn different(run: &Run) -> HashSet<&Request> {
    let steps = run.planned.iter().flat_map(|planned| planned.attempt.steps());
    steps.map(|step| &step.request).collect()
}

fn document(run: &Run) -> Value {
    let attempts = run.planned.iter().map(|Planned { control, probe, attempt, also }| {
        let subject = attempt.subject();
        let steps = attempt.steps().iter().map(|step| {
            json!({
                "step": step.name,
                "role": role(step),
                "request": printable(&step.request.to_string()),
                "identity": printable(&step.request.identity.to_string()),
                "times": step.times,
                "creates": step.request.creates.as_ref().map(seaworthy_probe::Object::path),
            })
        });
        let impossible = attempt.impossible();
        json!({
            "control": control.id,
            "probe": probe.name,
            "also": also.iter().map(|also| also.control.id).collect::<Vec<_>>(),
            "subject": {
                "kind": printable(&subject.kind),
                "namespace": subject.namespace.as_deref().map(printable),
                "name": printable(&subject.name),
            },
            "consent": probe.consent.name(),
            "sideEffect": probe.side_effect.to_string(),
            "rights": probe.rights.iter().map(|right| json!({
                "group": right.group, "resource": right.resource, "verbs": right.verbs,
            })).collect::<Vec<_>>(),
            "cannot": impossible.map(|outcome| printable(&outcome.reason)),
            "needs": impossible.and_then(|outcome| outcome.needs.as_deref()).map(printable),
            "requests": steps.collect::<Vec<_>>(),
        })
    });
    json!({
        "apiVersion": seaworthy_report::json::API_VERSION,
        "kind": "ProbePlan",
        "consent": run.consent.name(),
        "caller": run.caller.as_ref().map(|caller| printable(&caller.user)),
        "requests": different(run).len(),
        "budget": run.budget,
        "atATime": run.at_a_time,
        "perSecond": run.per_second,
        "attempts": attempts.collect::<Vec<_>>(),
    })
}
