//! Annotations of GitHub Actions: workflow commands on standard output, which GitHub shows beside the lines of a
//! pull request. GitHub shows ten of each level per step, so the worst come first and the last line counts all.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::io::{self, Write};

use seaworthy_controls::{Assessment, Finding, Severity};

use crate::clean::{MESSAGE, PATH, clean};
use crate::context::Context;
use crate::numbers::{Severities, count, subject_name};
use crate::source::{Located, Range};

/// Writes an annotation for every open finding, the worst first, then one with the numbers.
///
/// # Errors
/// Those of the writer.
pub fn write(assessment: &Assessment<'_, '_>, _: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut open: Vec<&Finding<'_>> = assessment.open().collect();
    open.sort_by_key(|finding| Reverse(finding.severity));
    for finding in &open {
        let located = Located::of(assessment, finding);
        let Range { start, end } = located.range;
        let text = format!("{} in {}", clean(&finding.message, MESSAGE), subject_name(&finding.subject));
        write!(out, "::{} file={}", level(finding.severity), property(&clean(located.file, PATH)))?;
        write!(out, ",line={},endLine={}", start.line, end.line)?;
        // GitHub refuses columns of annotations that go over several lines.
        if start.line == end.line {
            write!(out, ",col={},endColumn={}", start.column, end.column)?;
        }
        let title = format!("{} ({})", finding.control.id, finding.severity);
        writeln!(out, ",title={}::{}", property(&title), data(&text))?;
    }
    let numbers = Severities::of(open.iter().copied());
    match open.len() {
        0 => writeln!(out, "::notice title=seaworthy::nothing open"),
        many => writeln!(out, "::notice title=seaworthy::{} ({numbers})", count(many, "open finding")),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "notice",
    }
}

/// The text of a command, escaped as `actions/toolkit` does (`escapeData`).
fn data(text: &str) -> Cow<'_, str> {
    escape(text, &['%', '\r', '\n'])
}

/// The value of a property of a command, escaped as `actions/toolkit` does (`escapeProperty`).
fn property(text: &str) -> Cow<'_, str> {
    escape(text, &['%', '\r', '\n', ':', ','])
}

fn escape<'t>(text: &'t str, special: &[char]) -> Cow<'t, str> {
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match special.contains(&character) {
            true => escaped.push_str(&format!("%{:02X}", u32::from(character))),
            false => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}
