//! What was read, what is wrong with it, and what was not decided.

use std::io;

use seaworthy_controls::Assessment;
use seaworthy_evidence::{DeclarationCounts, Severity};

use super::excerpt::Place;
use super::{Screen, living};
use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::context::{Context, Style};
use crate::numbers::{count, grouped, kubernetes_version, not_evaluated, undecided};
use crate::redact::Secrets;
use crate::source::Located;

/// Diagnostics that are shown unless all are asked for.
const DIAGNOSTICS: usize = 5;
/// Charts and overlays that are named unless all are asked for.
const RENDERINGS: usize = 5;
/// Reasons for unknown that are shown unless all are asked for.
const REASONS: usize = 8;

pub(super) fn write_heading(
    screen: &mut Screen<'_>,
    assessment: &Assessment<'_, '_>,
    context: &Context<'_>,
) -> io::Result<()> {
    let style = context.style;
    let evidence = assessment.evidence;
    let files = || evidence.files().iter().filter(|file| !file.embedded);
    let rendered: Vec<_> = files().filter_map(|file| file.origin.as_deref()).collect();
    let mut read = count(files().count() - rendered.len(), "file");
    if !rendered.is_empty() {
        read.push_str(&format!(", {}", count(rendered.len(), "rendering")));
    }
    let text = format!(
        "{}, {}, {} with pods{}, judged by {} as for Kubernetes {}",
        read,
        count(evidence.objects().len(), "object"),
        grouped(evidence.workloads().len()),
        match evidence.represented_count() {
            0 => String::new(),
            count => format!(" (and {} that their owners stand for)", grouped(count)),
        },
        count(assessment.controls.len(), "control"),
        kubernetes_version(assessment.settings.version),
    );
    screen.paragraph("", &text)?;
    if let Some(declarations) = assessment.declarations {
        let DeclarationCounts { matched, drifted, missing, undeclared } = declarations.counts();
        let text = format!(
            "{} declared by files, {} of them drifted; {} declared and not live, {} live and not declared",
            count(matched, "object"),
            grouped(drifted),
            grouped(missing),
            grouped(undeclared),
        );
        screen.paragraph("", &text)?;
    }
    if let Some(file) = &context.configuration {
        screen.paragraph("", &format!("configured by {}", clean(file, PATH)))?;
    }
    if !rendered.is_empty() {
        let shown = if style == Style::All { rendered.len() } else { RENDERINGS.min(rendered.len()) };
        let names: Vec<_> =
            rendered[..shown].iter().map(|origin| clean(&origin.to_string(), NAME).into_owned()).collect();
        let more = match rendered.len() - shown {
            0 => String::new(),
            more => format!(" and {} more", grouped(more)),
        };
        screen.paragraph("rendered: ", &format!("{}{more}", names.join(", ")))?;
    }
    screen.blank()
}

/// What could not be read or would be refused, first of all: the rest of the report knows nothing of it.
pub(super) fn write_diagnostics(
    screen: &mut Screen<'_>,
    assessment: &Assessment<'_, '_>,
    secrets: &Secrets,
    style: Style,
) -> io::Result<()> {
    let evidence = assessment.evidence;
    let mut diagnostics: Vec<_> = assessment.diagnostics.iter().collect();
    if diagnostics.is_empty() {
        return Ok(());
    }
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    // Errors take something away from the result, warnings do not.
    diagnostics.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.severity));
    let paint = screen.paint;
    let heading = "Problems in the input";
    let text = match (errors, diagnostics.len() - errors) {
        (errors, 0) => {
            format!("{}; what they concern counts as unknown, never as done", count(errors, "error"))
        }
        (0, warnings) => count(warnings, "warning"),
        (errors, warnings) => format!(
            "{} and {}; what the errors concern counts as unknown, never as done",
            count(errors, "error"),
            count(warnings, "warning")
        ),
    };
    screen.labelled(&format!("{heading}: "), format_args!("{}: ", paint.heading(heading)), &text)?;
    let shown = match style {
        Style::All => diagnostics.len(),
        Style::Summary | Style::Quiet => 0,
        Style::Full => DIAGNOSTICS.min(diagnostics.len()),
    };
    for diagnostic in &diagnostics[..shown] {
        let file = &evidence.files()[diagnostic.file as usize];
        let message = clean(&diagnostic.message, MESSAGE);
        let (word, style) = match diagnostic.severity {
            Severity::Error => ("error", anstyle::AnsiColor::Red.on_default().bold()),
            Severity::Warning => ("warning", anstyle::AnsiColor::Yellow.on_default().bold()),
        };
        let message = format!("{word}: {message}");
        let drawn = screen.drawing(3).draw(&Place {
            located: Located::within(file, diagnostic.span),
            stream: &file.stream,
            span: diagnostic.span,
            secret: secrets.of(diagnostic.file),
            message: &message,
            note: None,
            style,
        });
        screen.verbatim(3, &drawn)?;
    }
    if shown < diagnostics.len() && shown > 0 {
        screen
            .line(format_args!("   and {} more (`--all` shows them)", grouped(diagnostics.len() - shown)))?;
    }
    screen.blank()
}

pub(super) fn write(
    screen: &mut Screen<'_>,
    assessment: &Assessment<'_, '_>,
    context: &Context<'_>,
) -> io::Result<()> {
    let paint = screen.paint;
    let skipped = not_evaluated(assessment, context);
    let undecided = undecided(assessment);
    if skipped.is_empty() && undecided.is_empty() && !living::is_concerned(assessment) {
        return Ok(());
    }
    screen.line(paint.heading("What this result does not cover"))?;
    for entry in &skipped {
        let examples = match entry.examples.as_slice() {
            [] => String::new(),
            examples => {
                let more = if examples.len() < entry.count { ", …" } else { "" };
                format!(" ({}{more})", examples.join(", "))
            }
        };
        screen.paragraph(
            "- ",
            &format!("not evaluated: {}: {}{examples}", entry.reason, grouped(entry.count)),
        )?;
    }
    let shown = if context.style == Style::All { undecided.len() } else { REASONS.min(undecided.len()) };
    for group in &undecided[..shown] {
        let ids: Vec<&str> = group.controls.iter().map(|(control, _)| control.id).collect();
        let subject = count(group.count, "subject");
        let text = match ids.as_slice() {
            [id] => format!("unknown: {id} for {subject}, because {}", group.reason),
            ids => format!("unknown: {} controls for {subject}, because {}", ids.len(), group.reason),
        };
        screen.paragraph("- ", &text)?;
        let needs = group.controls[0].1;
        if group.controls.iter().all(|(_, other)| *other == needs) {
            screen.paragraph("    ", &format!("would be decided by {needs}"))?;
            if ids.len() > 1 {
                screen.paragraph("    ", &ids.join(", "))?;
            }
            continue;
        }
        for (control, needs) in &group.controls {
            screen.paragraph("    ", &format!("{} would be decided by {needs}", control.id))?;
        }
    }
    if shown < undecided.len() {
        let text = format!(
            "{} for which something is unknown (`--all` shows them)",
            count(undecided.len() - shown, "more reason")
        );
        screen.paragraph("- ", &text)?;
    }
    living::write(screen, assessment, context)?;
    screen.blank()
}
