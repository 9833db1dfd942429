//! The code quality report of GitLab, which merge requests show as a widget and beside the lines of their diff.

use std::borrow::Cow;
use std::io::{self, Write};

use rustc_hash::FxHashMap;
use seaworthy_controls::{Assessment, Finding, Severity};
use serde::Serialize;

use crate::chunks::write_list;
use crate::clean::{MESSAGE, PATH, clean};
use crate::context::Context;
use crate::numbers::subject_name;
use crate::source::Located;

#[derive(Serialize)]
struct Entry<'f> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'f>,
}

#[derive(Serialize)]
struct Location<'f> {
    path: Cow<'f, str>,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// Writes the open findings as one JSON list.
///
/// # Errors
/// Those of the writer.
pub fn write(assessment: &Assessment<'_, '_>, _: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    // GitLab takes entries of one fingerprint for one entry: the copies of a finding are numbered.
    let mut seen: FxHashMap<String, u32> = FxHashMap::default();
    let open: Vec<(&Finding<'_>, String)> = assessment
        .open()
        .map(|finding| {
            let fingerprint = finding.fingerprint();
            let copy = seen.entry(fingerprint.clone()).and_modify(|copy| *copy += 1).or_insert(1);
            let fingerprint = if *copy == 1 { fingerprint } else { format!("{fingerprint}-{copy}") };
            (finding, fingerprint)
        })
        .collect();
    out.write_all(b"[\n")?;
    write_list(&open, out, |(): &mut (), (finding, fingerprint), bytes| {
        let located = Located::of(assessment, finding);
        let entry = Entry {
            description: format!(
                "{} in {}",
                clean(&finding.message, MESSAGE),
                subject_name(&finding.subject)
            ),
            check_name: finding.control.id,
            fingerprint: fingerprint.clone(),
            severity: severity(finding.severity),
            location: Location {
                path: clean(located.file, PATH),
                lines: Lines { begin: located.range.start.line, end: located.range.end.line },
            },
        };
        // Writing to a vector cannot fail, and no entry has a key that is not text.
        let _ = serde_json::to_writer(bytes, &entry);
    })?;
    out.write_all(b"\n]\n")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
    }
}
