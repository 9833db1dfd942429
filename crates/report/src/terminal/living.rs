//! What does not count as open, and what needs the attention of those who accepted it.

use std::io;

use seaworthy_controls::{Acceptance, Assessment};

use super::Screen;
use crate::accepted::{accepted, attention, title};
use crate::clean::{PATH, clean};
use crate::context::{Context, Style};
use crate::numbers::{count, grouped};

/// Entries that are shown unless all are asked for.
const ENTRIES: usize = 12;

/// Whether there is anything to say.
pub(super) fn is_concerned(assessment: &Assessment<'_, '_>) -> bool {
    assessment.findings.iter().any(|finding| finding.exception.is_some())
        || !assessment.exceptions.is_empty()
        || assessment.settings.baseline.is_some()
}

pub(super) fn write(
    screen: &mut Screen<'_>,
    assessment: &Assessment<'_, '_>,
    context: &Context<'_>,
) -> io::Result<()> {
    let groups = accepted(assessment);
    let lines = groups.iter().filter(|group| !matches!(group.acceptance, Acceptance::Known)).map(|group| {
        let reason = title(&group.acceptance, assessment);
        format!("accepted: {}, because {reason}", count(group.findings.len(), "finding"))
    });
    list(screen, lines.collect(), context.style)?;
    list(screen, assessment.exceptions.iter().filter_map(attention).collect(), context.style)?;
    if assessment.settings.baseline.is_some() {
        write_baseline(screen, assessment, context)?;
    }
    Ok(())
}

fn write_baseline(
    screen: &mut Screen<'_>,
    assessment: &Assessment<'_, '_>,
    context: &Context<'_>,
) -> io::Result<()> {
    let known =
        assessment.findings.iter().filter(|finding| matches!(finding.exception, Some(Acceptance::Known)));
    let known = known.count();
    let file = clean(context.baseline.as_deref().unwrap_or("-"), PATH);
    screen.paragraph("- ", &format!("known: {} of the baseline {file}", count(known, "finding")))?;
    if !assessment.vanished.is_empty() {
        let text = format!("gone: {} of the baseline", count(assessment.vanished.len(), "finding"));
        screen.paragraph("- ", &text)?;
        let lines = assessment.vanished.iter().map(|former| {
            let place = clean(&former.place, PATH);
            format!("{} {} ({place})", clean(&former.control, PATH), clean(&former.subject, PATH))
        });
        let shown = if context.style == Style::All { assessment.vanished.len() } else { ENTRIES };
        for line in lines.take(shown) {
            screen.paragraph("    ", &line)?;
        }
        if assessment.vanished.len() > shown {
            screen.paragraph("    ", &format!("and {} more", grouped(assessment.vanished.len() - shown)))?;
        }
    }
    Ok(())
}

fn list(screen: &mut Screen<'_>, lines: Vec<String>, style: Style) -> io::Result<()> {
    let shown = if style == Style::All { lines.len() } else { ENTRIES.min(lines.len()) };
    for line in lines.iter().take(shown) {
        screen.paragraph("- ", line)?;
    }
    if lines.len() > shown {
        let text = format!("and {} more of this kind (`--all` shows them)", grouped(lines.len() - shown));
        screen.paragraph("- ", &text)?;
    }
    Ok(())
}
