//! What was tried in a terminal: first what is refuted, then what is proved, then what nothing decided.

use std::io;

use seaworthy_controls::{Assessment, ControlStanding, Drift, Standing};
use seaworthy_probe::Verdict;

use super::Screen;
use crate::clean::{MESSAGE, NAME, clean};
use crate::context::{Context, Style};
use crate::numbers::{count, grouped};
use crate::proofs::{Sorted, needs, told};

/// Attempts of one control that are shown unless all are asked for.
const ATTEMPTS: usize = 3;
/// Things that would decide something that are shown unless all are asked for.
const NEEDS: usize = 12;

/// Says who asked of what cluster, and how far it went.
pub(super) fn write_heading(
    screen: &mut Screen<'_>,
    assessment: &Assessment<'_, '_>,
    context: &Context<'_>,
) -> io::Result<()> {
    let Some(sorted) = Sorted::new(assessment) else { return Ok(()) };
    let names: Vec<_> = context.inputs.iter().map(|input| clean(input, NAME)).collect();
    screen.paragraph("", &format!("{}: {}", names.join(", "), sorted.bounds()))?;
    if let Some(file) = &context.configuration {
        screen.paragraph("", &format!("configured by {}", clean(file, NAME)))?;
    }
    let untold: usize = context.skipped.iter().map(|skipped| skipped.count).sum();
    if untold > 0 {
        let text = "that the cluster did not tell: what is declared there is unknown (`seaworthy scan --cluster` says more)";
        screen.paragraph("", &format!("{} {text}", count(untold, "thing")))?;
    }
    screen.blank()
}

/// What was tried and what came of it; nothing when nothing was tried.
pub(super) fn write(
    screen: &mut Screen<'_>,
    assessment: &Assessment<'_, '_>,
    context: &Context<'_>,
) -> io::Result<()> {
    let Some(sorted) = Sorted::new(assessment) else { return Ok(()) };
    let all = context.style == Style::All;
    write_refuted(screen, &sorted, all)?;
    write_drifted(screen, &sorted)?;
    write_proved(screen, &sorted, all)?;
    write_undecided(screen, &sorted, all)?;
    write_untried(screen, &sorted, all)?;
    screen.paragraph("", &format!("{}.", sorted.summary()))?;
    if context.only_proofs {
        let text = match all {
            true => "`seaworthy explain CONTROL` says how to cure it.",
            false => {
                "`--all` shows every attempt; `seaworthy explain CONTROL` says what was tried and how to cure it."
            }
        };
        return screen.paragraph("", text);
    }
    screen.paragraph("", &format!("probes: {}.", sorted.bounds()))?;
    screen.blank()
}

/// A heading, and what stands below it.
fn write_title(screen: &mut Screen<'_>, heading: &str, text: &str) -> io::Result<()> {
    screen.line(screen.paint.heading(heading))?;
    screen.paragraph("", text)
}

fn write_refuted(screen: &mut Screen<'_>, sorted: &Sorted<'_>, all: bool) -> io::Result<()> {
    let paint = screen.paint;
    for (standing, controls) in sorted.refuted() {
        let heading = format!("Refuted, {standing}");
        let text = format!("{}: {}", count(controls.len(), "control"), standing.meaning());
        write_title(screen, &heading, &text)?;
        for control in controls {
            let severity = format!("{:<8}", control.severity.name());
            let severity_style = super::severity_style(control.severity);
            let label = format!("  {severity} ");
            let text = format!("{}: {}", control.control.id, control.control.title);
            screen.labelled(&label, format_args!("  {} ", paint.with(severity_style, &severity)), &text)?;
            write_attempts(
                screen,
                sorted,
                control,
                Verdict::Refuted,
                if all { usize::MAX } else { ATTEMPTS },
            )?;
        }
        screen.blank()?;
    }
    Ok(())
}

fn write_attempts(
    screen: &mut Screen<'_>,
    sorted: &Sorted<'_>,
    control: &ControlStanding,
    verdict: Verdict,
    most: usize,
) -> io::Result<()> {
    let attempts = sorted.attempts(control.control.id, verdict);
    for proof in attempts.iter().take(most) {
        let (seen, asked) = told(proof);
        screen.paragraph("           ", &seen)?;
        if !asked.is_empty() {
            screen.paragraph("             ", &asked)?;
        }
    }
    if attempts.len() > most {
        let text = format!("and {} more (`--all` shows them)", grouped(attempts.len() - most));
        screen.paragraph("           ", &text)?;
    }
    Ok(())
}

/// Drifted ones that were not refuted.
fn write_drifted(screen: &mut Screen<'_>, sorted: &Sorted<'_>) -> io::Result<()> {
    let drifted: Vec<_> = sorted.of(Standing::Drifted).filter(|control| control.tries.refuted == 0).collect();
    if drifted.is_empty() {
        return Ok(());
    }
    let text = format!("{}: {}", count(drifted.len(), "control"), Standing::Drifted.meaning());
    write_title(screen, "Drifted", &text)?;
    for control in drifted {
        let what = match control.drift {
            Some(Drift::Files) => "the cluster says otherwise than the files that declare it",
            _ => "sources of a component's settings contradict each other",
        };
        let seen = match control.tries.together() {
            Some(Verdict::Proved) => "; proved when it was tried",
            Some(_) => "; nothing decided it when it was tried",
            None => "; not tried",
        };
        screen.paragraph("  ", &format!("{}: {what}{seen}", control.control.id))?;
    }
    screen.blank()
}

fn write_proved(screen: &mut Screen<'_>, sorted: &Sorted<'_>, all: bool) -> io::Result<()> {
    for standing in [Standing::Enforced, Standing::UndeclaredButEnforced] {
        let controls = sorted.proved(standing);
        if controls.is_empty() {
            continue;
        }
        let heading = format!("Proved, {standing}");
        let text = format!("{}: {}", count(controls.len(), "control"), standing.meaning());
        write_title(screen, &heading, &text)?;
        if all {
            for control in &controls {
                screen.paragraph("  ", &format!("{}: {}", control.control.id, control.control.title))?;
                write_attempts(screen, sorted, control, Verdict::Proved, usize::MAX)?;
            }
        } else {
            let name = |control: &&ControlStanding| match control.tries.proved {
                1 => control.control.id.to_owned(),
                many => format!("{} ({})", control.control.id, grouped(many)),
            };
            let names: Vec<String> = controls.iter().map(name).collect();
            screen.paragraph("  ", &names.join(", "))?;
        }
        screen.blank()?;
    }
    let in_part = sorted.in_part();
    if !in_part.is_empty() {
        let text = format!("{}: what is left is below", count(in_part.len(), "control"));
        write_title(screen, "Proved in part", &text)?;
        for control in in_part {
            let tries = control.tries;
            let attempts = grouped(tries.proved + tries.inconclusive);
            let text = format!("{}: {} of {attempts} attempts", control.control.id, grouped(tries.proved));
            screen.paragraph("  ", &text)?;
            if all {
                write_attempts(screen, sorted, control, Verdict::Proved, usize::MAX)?;
            }
        }
        screen.blank()?;
    }
    Ok(())
}

fn write_undecided(screen: &mut Screen<'_>, sorted: &Sorted<'_>, all: bool) -> io::Result<()> {
    let groups = sorted.undecided();
    if groups.is_empty() {
        return Ok(());
    }
    let attempts: usize = groups.iter().map(|group| group.attempts).sum();
    let text = format!("{}, by what would decide them", count(attempts, "attempt"));
    write_title(screen, "Not decided", &text)?;
    let shown = if all { groups.len() } else { NEEDS.min(groups.len()) };
    for group in &groups[..shown] {
        let controls: Vec<String> = group
            .controls
            .iter()
            .map(|(id, attempts)| match attempts {
                1 => (*id).to_owned(),
                many => format!("{id} ({})", grouped(*many)),
            })
            .collect();
        let decides = match group.needs {
            "" => format!("nothing known would decide it: {}", clean(group.reason, MESSAGE)),
            needs => clean(needs, MESSAGE).into_owned(),
        };
        screen.labelled("- ", "- ", &format!("{decides}: {}", count(group.attempts, "attempt")))?;
        screen.paragraph("    ", &controls.join(", "))?;
        if all {
            for (id, _) in &group.controls {
                for proof in sorted.attempts(id, Verdict::Inconclusive) {
                    if needs(proof) == group.needs {
                        let (seen, asked) = told(proof);
                        screen.paragraph("      ", &format!("{id}, {seen}"))?;
                        if !asked.is_empty() {
                            screen.paragraph("        ", &asked)?;
                        }
                    }
                }
            }
        }
    }
    if shown < groups.len() {
        let text = format!("and {} (`--all` shows them)", count(groups.len() - shown, "further need"));
        screen.paragraph("- ", &text)?;
    }
    screen.blank()
}

fn write_untried(screen: &mut Screen<'_>, sorted: &Sorted<'_>, all: bool) -> io::Result<()> {
    let (without, with) = sorted.untried();
    for (ids, what) in [(with, "nothing here to try it on"), (without, "no probe")] {
        if ids.is_empty() {
            continue;
        }
        let names = if all { format!(": {}", ids.join(", ")) } else { String::new() };
        screen.paragraph("", &format!("{} with {what}{names}", count(ids.len(), "control")))?;
    }
    screen.blank()
}

/// One line per refuted attempt, the dangerous lie first.
pub(super) fn write_quiet(screen: &mut Screen<'_>, assessment: &Assessment<'_, '_>) -> io::Result<()> {
    let Some(sorted) = Sorted::new(assessment) else { return Ok(()) };
    let paint = screen.paint;
    for (standing, controls) in sorted.refuted() {
        for control in controls {
            for proof in sorted.attempts(control.control.id, Verdict::Refuted) {
                let (seen, _) = told(proof);
                let severity = paint.severity(control.severity);
                screen.line(format_args!("{severity} {} {standing}: {seen}", control.control.id))?;
            }
        }
    }
    Ok(())
}
