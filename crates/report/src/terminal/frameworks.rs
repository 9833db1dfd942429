//! Where the items of a framework stand.

use std::io;

use seaworthy_controls::{Assessment, Compliance, Framework, Item, ItemStatus, Status};

use super::Screen;
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
    let title = compliance.framework.title();
    screen.labelled(
        &format!("{title}: "),
        format_args!("{}: ", paint.heading(title)),
        &summary(compliance),
    )?;
    if style != Style::Summary {
        let mut section = None;
        for item in compliance.items.iter().filter(|item| style == Style::All || is_shown(item)) {
            if item.section != section {
                section = item.section;
                if let Some(section) = section {
                    screen.line(format_args!(" {}", paint.bold(section)))?;
                }
            }
            write_item(screen, item)?;
        }
        let hidden = compliance.items.iter().filter(|item| !is_shown(item)).count();
        if style != Style::All && hidden > 0 {
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

/// "31 of 131 items evaluated: 12 fail, 19 pass".
fn summary(compliance: &Compliance) -> String {
    let mut text =
        format!("{} of {} evaluated", compliance.evaluated(), count(compliance.items.len(), "item"));
    let mut separator = ": ";
    for status in ItemStatus::ALL.into_iter().filter(|status| *status != ItemStatus::NotEvaluated) {
        let number = compliance.count(status);
        if number > 0 {
            text.push_str(&format!("{separator}{number} {}", word(status)));
            separator = ", ";
        }
    }
    text
}

fn word(status: ItemStatus) -> &'static str {
    match status {
        ItemStatus::NotApplicable => "not applicable",
        ItemStatus::NotEvaluated => "not evaluated",
        status => status.name(),
    }
}

fn write_item(screen: &mut Screen<'_>, item: &Item) -> io::Result<()> {
    let paint = screen.paint;
    let plain = format!("  {:<15} ", word(item.status));
    let label = match item.status {
        ItemStatus::Pass => paint.good(&plain).to_string(),
        ItemStatus::Fail => paint.bold(&plain).to_string(),
        _ => paint.dim(&plain).to_string(),
    };
    let title = item.title.map(|title| format!(" {title}")).unwrap_or_default();
    let controls: Vec<String> =
        item.controls.iter().filter_map(|(control, status)| told(item, control.id, *status)).collect();
    let controls = if controls.is_empty() { String::new() } else { format!(": {}", controls.join(", ")) };
    screen.labelled(&plain, label, &format!("{}{title}{controls}", item.id))
}

/// The controls that make the item what it is.
fn told(item: &Item, id: &str, status: Option<Status>) -> Option<String> {
    match (item.status, status) {
        (ItemStatus::Fail, Some(Status::Open | Status::Known))
        | (ItemStatus::Unknown, Some(Status::Unknown))
        | (ItemStatus::Excepted, Some(Status::Excepted)) => Some(id.to_owned()),
        (ItemStatus::Partial, None) => Some(format!("no evidence for {id}")),
        (ItemStatus::Pass, Some(Status::Done)) | (ItemStatus::NotEvaluated, None) => Some(id.to_owned()),
        _ => None,
    }
}
