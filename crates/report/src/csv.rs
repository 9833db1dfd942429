//! One line per finding, for spreadsheets and databases (RFC 4180).

use std::borrow::Cow;
use std::io::{self, Write};

use seaworthy_controls::{Acceptance, Assessment};

use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::context::Context;
use crate::source::Located;

/// The columns; more may follow in later versions, none is removed or renamed.
const COLUMNS: [&str; 16] = [
    "control",
    "phase",
    "severity",
    "status",
    "message",
    "apiVersion",
    "kind",
    "namespace",
    "name",
    "container",
    "rbacSubject",
    "file",
    "line",
    "column",
    "path",
    "fingerprint",
];

/// Writes every finding as a line, accepted ones included, under a line of headings.
///
/// # Errors
/// Those of the writer.
pub fn write(assessment: &Assessment<'_, '_>, _: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    table.write_record(COLUMNS)?;
    for finding in &assessment.findings {
        let object = &finding.subject.object;
        let located = Located::of(assessment, finding);
        let path = finding.place.path();
        let holder = finding.subject.holder.map(|holder| match holder.namespace {
            Some(namespace) => format!("{}:{namespace}/{}", holder.kind, holder.name),
            None => format!("{}:{}", holder.kind, holder.name),
        });
        let status = match finding.exception {
            None => "open",
            Some(Acceptance::Known) => "known",
            Some(_) => "excepted",
        };
        let text = |text, limit| cell(clean(text, limit));
        table.write_record([
            finding.control.id,
            finding.control.phase.name(),
            finding.severity.name(),
            status,
            &text(&finding.message, MESSAGE),
            &text(object.api_version, NAME),
            &text(object.kind, NAME),
            &text(object.namespace.unwrap_or_default(), NAME),
            &text(object.name, NAME),
            &text(finding.subject.container.unwrap_or_default(), NAME),
            &text(holder.as_deref().unwrap_or_default(), NAME),
            &text(located.file, PATH),
            &located.range.start.line.to_string(),
            &located.range.start.column.to_string(),
            &text(&path, PATH),
            &finding.fingerprint_at(&path),
        ])?;
    }
    table.flush()
}

/// A cell that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe before it, as
/// OWASP advises ("CSV injection").
fn cell(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.starts_with(['=', '+', '-', '@']) {
        true => Cow::Owned(format!("'{text}")),
        false => text,
    }
}
