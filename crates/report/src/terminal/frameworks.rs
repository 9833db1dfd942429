//! Where the items of a framework stand.

use std::io;

use seaworthy_controls::{Assessment, Compliance, Framework, Item, ItemStatus};

use super::Screen;
use crate::compliance::{decides, summary, word};
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

fn write_item(screen: &mut Screen<'_>, item: &Item) -> io::Result<()> {
    let paint = screen.paint;
    let plain = format!("  {:<15} ", word(item.status));
    let label = match item.status {
        ItemStatus::Pass => paint.good(&plain).to_string(),
        ItemStatus::Fail => paint.bold(&plain).to_string(),
        _ => paint.dim(&plain).to_string(),
    };
    let title = item.title.map(|title| format!(" ({title})")).unwrap_or_default();
    let deciding = item.controls.iter().filter(|(_, status)| decides(item, *status));
    let deciding: Vec<&str> = deciding.map(|(control, _)| control.id).collect();
    let missing = if item.status == ItemStatus::Partial { "no evidence for " } else { "" };
    let controls = match deciding.as_slice() {
        [] => String::new(),
        ids => format!(": {missing}{}", ids.join(", ")),
    };
    screen.labelled(&plain, label, &format!("{}{title}{controls}", item.id))
}
