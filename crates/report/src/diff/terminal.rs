//! The comparison for a person at a terminal.

use std::io::{self, Write};

use super::{Diff, Entry, Side, phase_name, severities};
use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::context::{Context, Style};
use crate::former::{Record, Report};
use crate::numbers::{count, grouped};
use crate::terminal::{Screen, severity_style};

/// Findings of a list that are shown unless all are asked for.
const ENTRIES: usize = 20;

pub(super) fn write(
    diff: &Diff<'_>,
    [old, new]: [&Side<'_>; 2],
    context: &Context<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut screen = Screen::new(context.width, context.color, out);
    let limit = if context.style == Style::All { usize::MAX } else { ENTRIES };
    for (label, side) in [("old: ", old), ("new: ", new)] {
        screen.paragraph(label, &format!("{}: {}", clean(side.name, PATH), coverage(side.report)))?;
    }
    for line in coverage_changes(diff, old.report, new.report) {
        screen.paragraph("note: ", &line)?;
    }
    screen.blank()?;
    list(&mut screen, "New", &diff.new, limit)?;
    if !diff.graded.is_empty() {
        heading(&mut screen, "Other severity", &count(diff.graded.len(), "finding"))?;
        for (old, new) in diff.graded.iter().take(limit) {
            entry(&mut screen, new, Some(&format!("was {}", old.finding.severity)))?;
        }
        cut(&mut screen, diff.graded.len(), limit)?;
    }
    list(&mut screen, "Cannot be compared", &diff.undecided, limit)?;
    list(&mut screen, "Accepted now", &diff.accepted, limit)?;
    list(&mut screen, "Fixed", &diff.fixed, limit)?;
    if !diff.phases.is_empty() {
        heading(&mut screen, "By phase", "open before, open now, new, fixed")?;
        for (phase, numbers) in &diff.phases {
            let (before, now) = (grouped(numbers.before), grouped(numbers.now));
            screen.line(format_args!(
                "  {:<12} {before:>7} {now:>7} {:>7} {:>7}",
                phase_name(*phase),
                format!("+{}", numbers.new),
                format!("-{}", numbers.fixed)
            ))?;
        }
        screen.blank()?;
    }
    let changed: Vec<String> = diff
        .controls
        .iter()
        .map(|(id, numbers)| format!("{} {} to {}", clean(id, NAME), numbers.before, numbers.now))
        .collect();
    if !changed.is_empty() {
        let shown = changed.len().min(limit);
        heading(&mut screen, "By control", "open findings before and now")?;
        screen.paragraph("  ", &changed[..shown].join(", "))?;
        cut(&mut screen, changed.len(), limit)?;
    }
    let text = format!(
        "{} new, {} fixed, {} unchanged",
        grouped(diff.new.len()),
        grouped(diff.fixed.len()),
        grouped(diff.unchanged)
    );
    let text = screen.paint.bold(text);
    screen.line(text)
}

fn coverage(report: &Report) -> String {
    format!(
        "{}, {}, {} with pods, {}, {}",
        count(report.files, "file"),
        count(report.objects, "object"),
        grouped(report.workloads),
        count(report.controls.len(), "control"),
        count(report.findings.iter().filter(|record| record.accepted.is_none()).count(), "open finding"),
    )
}

/// What makes the two sides hard to compare.
pub(super) fn coverage_changes(diff: &Diff<'_>, old: &Report, new: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let ids = |ids: &[&str]| {
        let shown: Vec<String> = ids.iter().take(8).map(|id| clean(id, NAME).into_owned()).collect();
        let more = if ids.len() > shown.len() { ", …" } else { "" };
        format!("{}{more}", shown.join(", "))
    };
    if !diff.lost_controls.is_empty() {
        lines.push(format!(
            "{} evaluated before and not now: {}",
            count(diff.lost_controls.len(), "control"),
            ids(&diff.lost_controls)
        ));
    }
    if !diff.gained_controls.is_empty() {
        lines.push(format!(
            "{} evaluated now and not before: {}",
            count(diff.gained_controls.len(), "control"),
            ids(&diff.gained_controls)
        ));
    }
    let unknown = |report: &Report| {
        report.controls.values().fold(0_usize, |sum, control| sum.saturating_add(control.unknown as usize))
    };
    for (what, before, now) in [
        ("unknown verdicts", unknown(old), unknown(new)),
        ("things that were not evaluated", old.not_evaluated, new.not_evaluated),
        ("files with errors", old.broken.len(), new.broken.len()),
    ] {
        if now != before {
            lines.push(format!("{what}: {} before, {} now", grouped(before), grouped(now)));
        }
    }
    if old.catalogue != new.catalogue {
        lines.push(format!(
            "the catalogue changed from {} to {}",
            clean(&old.catalogue, NAME),
            clean(&new.catalogue, NAME)
        ));
    }
    lines
}

fn heading(screen: &mut Screen<'_>, title: &str, text: &str) -> io::Result<()> {
    let paint = screen.paint;
    screen.labelled(&format!("{title}: "), format_args!("{}: ", paint.heading(title)), text)
}

fn list(screen: &mut Screen<'_>, title: &str, entries: &[Entry<'_>], limit: usize) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    heading(screen, title, &format!("{} ({})", count(entries.len(), "finding"), severities(entries)))?;
    for Entry { record, note } in entries.iter().take(limit) {
        entry(screen, record, *note)?;
    }
    cut(screen, entries.len(), limit)
}

fn cut(screen: &mut Screen<'_>, total: usize, limit: usize) -> io::Result<()> {
    if total > limit {
        let text = format!("and {} more (`--all` shows them)", grouped(total - limit));
        screen.paragraph("  ", &text)?;
    }
    screen.blank()
}

fn entry(screen: &mut Screen<'_>, record: &Record, note: Option<&str>) -> io::Result<()> {
    let finding = &record.finding;
    let plain = format!("  {:<9} ", finding.severity);
    let label = screen.paint.with(severity_style(finding.severity), &plain).to_string();
    let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
    let text = format!(
        "{} {}: {}, {}{note}",
        clean(&finding.place, PATH),
        clean(&finding.control, NAME),
        clean(&finding.message, MESSAGE),
        clean(&finding.subject, MESSAGE),
    );
    screen.labelled(&plain, label, &text)
}
