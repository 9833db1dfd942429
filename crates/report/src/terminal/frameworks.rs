//! Where the items of a framework stand.

use std::io;

use seaworthy_controls::{Assessment, Compliance, Framework, Item, ItemStatus, Outcome};

use super::Screen;
use crate::clean::{MESSAGE, NAME, clean};
use crate::compliance::{decides, summary, totals, whom, word};
use crate::context::Style;
use crate::numbers::count;

pub(super) fn write(
    screen: &mut Screen<'_>,
    assessment: &Assessment<'_, '_>,
    frameworks: &[Framework],
    style: Style,
) -> io::Result<()> {
    for framework in frameworks {
        write_framework(screen, &Compliance::new(*framework, assessment), style)?;
    }
    Ok(())
}

fn write_framework(screen: &mut Screen<'_>, compliance: &Compliance, style: Style) -> io::Result<()> {
    let paint = screen.paint;
    let title = compliance.title();
    screen.labelled(
        &format!("{title}: "),
        format_args!("{}: ", paint.heading(title)),
        &summary(compliance),
    )?;
    if let Some(note) = compliance.edition.as_ref().and_then(|edition| edition.note.as_deref()) {
        screen.paragraph("  ", note)?;
    }
    if style != Style::Summary {
        // With numbers where there are many sections: a benchmark is read section by section.
        let totals: Vec<_> = match compliance.edition {
            Some(_) => compliance.sections().map(|(title, items)| (title, totals(items))).collect(),
            None => Vec::new(),
        };
        let mut section = None;
        let whole = style == Style::All || compliance.edition.is_some();
        for item in compliance.items.iter().filter(|item| whole || is_shown(item)) {
            if item.section != section {
                section = item.section;
                if let Some(section) = section {
                    let total = totals.iter().find(|(title, _)| *title == section);
                    let total = total.map(|(_, total)| format!(": {total}")).unwrap_or_default();
                    screen.line(format_args!(" {}{total}", paint.bold(section)))?;
                }
            }
            write_item(screen, item)?;
            write_outcomes(screen, item, style)?;
        }
        let hidden = compliance.items.iter().filter(|item| !is_shown(item)).count();
        if !whole && hidden > 0 {
            let text = format!(
                "{} not evaluated here or not applicable (`--all` shows them)",
                count(hidden, "item")
            );
            screen.paragraph("  ", &text)?;
        }
    }
    screen.blank()
}

/// Items without any evidence are many when only files were read.
fn is_shown(item: &Item) -> bool {
    !matches!(item.status, ItemStatus::NotEvaluated | ItemStatus::NotApplicable)
}

fn write_item(screen: &mut Screen<'_>, item: &Item) -> io::Result<()> {
    let paint = screen.paint;
    let plain = format!("  {:<15} ", word(item.status));
    let label = match item.status {
        ItemStatus::Pass => paint.good(&plain).to_string(),
        ItemStatus::Fail => paint.bold(&plain).to_string(),
        _ => paint.dim(&plain).to_string(),
    };
    let title = match (item.title, item.automated) {
        (Some(title), Some(_)) if item.level == Some(2) => format!(" {title} (level 2)"),
        (Some(title), Some(_)) => format!(" {title}"),
        (Some(title), None) => format!(" ({title})"),
        (None, _) => String::new(),
    };
    let deciding = item.controls.iter().filter(|(_, status)| decides(item, *status));
    let deciding: Vec<&str> = deciding.map(|(control, _)| control.id).collect();
    let missing = if item.status == ItemStatus::Partial { "no evidence for " } else { "" };
    let controls = match deciding.as_slice() {
        _ if item.automated.is_some() => String::new(),
        [] => String::new(),
        ids => format!(": {missing}{}", ids.join(", ")),
    };
    screen.labelled(&plain, label, &format!("{}{title}{controls}", item.id))
}

/// Outcomes that are told of when not all are.
const TOLD: usize = 3;

/// What each node, program or object came to.
fn write_outcomes(screen: &mut Screen<'_>, item: &Item, style: Style) -> io::Result<()> {
    let deciding = |outcome: &&Outcome| match item.status {
        ItemStatus::Manual => matches!(outcome.status, ItemStatus::Unknown | ItemStatus::Manual),
        ItemStatus::Fail | ItemStatus::Unknown => outcome.status == item.status,
        _ => false,
    };
    let all = style == Style::All;
    let shown: Vec<&Outcome> = item.outcomes.iter().filter(|outcome| all || deciding(outcome)).collect();
    let most = if all { usize::MAX } else { TOLD };
    for outcome in shown.iter().take(most) {
        let whom = whom(outcome);
        let whom = if whom.is_empty() { whom } else { format!("{}: ", clean(&whom, NAME)) };
        let status = if all { format!("{}: ", word(outcome.status)) } else { String::new() };
        let text = format!("{whom}{status}{}", clean(&outcome.message, MESSAGE));
        screen.paragraph("                    ", &text)?;
    }
    if shown.len() > most {
        let text = format!("and {} more (`--all` shows them)", shown.len() - most);
        screen.paragraph("                    ", &text)?;
    }
    Ok(())
}
