//! The roadmap in a terminal: what to do first, where, why and how, and what was not looked at.

mod coverage;
mod excerpt;
mod frameworks;
mod living;
mod proofs;
mod roadmap;
mod text;

use std::fmt::Display;
use std::io::{self, Write};

use seaworthy_controls::Assessment;
use seaworthy_document::{Span, Value};
use seaworthy_evidence::SourceFile;

use crate::clean::{MESSAGE, PATH, clean};
use crate::context::{Context, Style};
use crate::redact::Secrets;
use crate::source::Located;
use excerpt::Drawing;
use text::{Paint, wrap};
pub(crate) use text::{fit, severity_style};

/// Narrowest and widest text: below, nothing can be laid out; above, lines are hard to read.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=120;

/// Writes the assessment for a person at a terminal.
///
/// # Errors
/// Those of the writer.
pub fn write(assessment: &Assessment<'_, '_>, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    if context.style == Style::Quiet {
        if !context.only_proofs {
            write_quiet(assessment, context, out)?;
        }
        return proofs::write_quiet(&mut Screen::new(context.width, context.color, out), assessment);
    }
    let secrets = Secrets::new(assessment);
    let mut screen = Screen::new(context.width, context.color, out);
    if context.only_proofs {
        proofs::write_heading(&mut screen, assessment, context)?;
        return proofs::write(&mut screen, assessment, context);
    }
    coverage::write_heading(&mut screen, assessment, context)?;
    coverage::write_diagnostics(&mut screen, assessment, &secrets, context.style)?;
    proofs::write(&mut screen, assessment, context)?;
    roadmap::write(&mut screen, assessment, &secrets, context.style)?;
    frameworks::write(&mut screen, assessment, &context.frameworks, context.style)?;
    coverage::write(&mut screen, assessment, context)?;
    roadmap::write_closing(&mut screen, assessment, context.style)
}

/// A mistake in a text that is not part of an assessment, as compilers show it. Values of keys that sound like
/// credentials are not shown.
pub fn excerpt(file: &SourceFile, span: Span, message: &str, context: &Context<'_>) -> String {
    let secret = file.stream.documents().flat_map(|document| document.root().descendants());
    let mut secret: Vec<Span> = secret.filter(is_secret).map(|value| value.span()).collect();
    secret.sort_unstable();
    let text = file.stream.text();
    if !file.stream.diagnostics().is_empty() && sounds_secret(text) {
        // Nobody knows which part of a broken text is a value.
        secret = vec![Span { start: 0, end: text.len() as u32 }];
    }
    let message = clean(message, MESSAGE);
    let width = context.width.clamp(*WIDTHS.start(), *WIDTHS.end());
    Drawing { paint: Paint { color: context.color }, width }.draw(&excerpt::Place {
        located: Located::within(file, span),
        stream: &file.stream,
        span,
        secret: &secret,
        message: &message,
        note: None,
        style: anstyle::AnsiColor::Red.on_default().bold(),
    })
}

fn is_secret(value: &Value<'_>) -> bool {
    let is_scalar = !value.is_mapping() && !value.is_sequence();
    is_scalar && value.key().is_some_and(|key| sounds_secret(key.text()))
}

fn sounds_secret(text: &str) -> bool {
    const WORDS: [&str; 6] = ["password", "passwd", "token", "secret", "credential", "apikey"];
    let text = text.to_ascii_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// One line per open finding.
fn write_quiet(
    assessment: &Assessment<'_, '_>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint { color: context.color };
    for finding in assessment.findings.iter().filter(|finding| finding.exception.is_none()) {
        let located = Located::of(assessment, finding);
        let (at, file, remark) = (located.range.start, clean(located.file, PATH), located.remark());
        let message = clean(&finding.message, MESSAGE);
        let severity = paint.severity(finding.severity);
        writeln!(
            out,
            "{file}:{}:{}: {severity} {} {message}{remark}",
            at.line, at.column, finding.control.id
        )?;
    }
    Ok(())
}

/// A terminal: where lines go, how wide they may be, and in what colours.
pub(crate) struct Screen<'o> {
    out: &'o mut dyn Write,
    pub(crate) paint: Paint,
    pub(crate) width: usize,
}

impl<'o> Screen<'o> {
    pub(crate) fn new(width: usize, color: bool, out: &'o mut dyn Write) -> Screen<'o> {
        Screen { out, paint: Paint { color }, width: width.clamp(*WIDTHS.start(), *WIDTHS.end()) }
    }

    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    pub(crate) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A paragraph behind `first`; the lines after the first start below its text.
    pub(crate) fn paragraph(&mut self, first: &str, text: &str) -> io::Result<()> {
        self.labelled(first, first, text)
    }

    /// A paragraph behind a label that is `plain` without its colours.
    pub(crate) fn labelled(&mut self, plain: &str, label: impl Display, text: &str) -> io::Result<()> {
        let indent = unicode_width::UnicodeWidthStr::width(plain);
        for (index, line) in wrap(text, self.width.saturating_sub(indent).max(20)).into_iter().enumerate() {
            match index {
                0 => writeln!(self.out, "{label}{line}")?,
                _ => writeln!(self.out, "{:indent$}{line}", "")?,
            }
        }
        Ok(())
    }

    /// Lines as they are, indented.
    pub(crate) fn verbatim(&mut self, indent: usize, text: &str) -> io::Result<()> {
        for line in text.lines() {
            match line.is_empty() {
                true => writeln!(self.out)?,
                false => writeln!(self.out, "{:indent$}{line}", "")?,
            }
        }
        Ok(())
    }

    fn drawing(&self, indent: usize) -> Drawing {
        Drawing { paint: self.paint, width: self.width.saturating_sub(indent) }
    }
}
