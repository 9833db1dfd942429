//! The comparison for comments on pull requests.

use std::borrow::Cow;
use std::io::{self, Write};

use super::terminal::coverage_changes;
use super::{Diff, Entry, Side, phase_name, severities};
use crate::clean::{NAME, clean};
use crate::former::Record;
use crate::numbers::{count, grouped};

/// Rows of each table: a comment holds 65,536 characters, and nobody reads that many.
const ROWS: usize = 30;
/// Longest text in a cell.
const CELL: usize = 200;

pub(super) fn write(diff: &Diff<'_>, [old, new]: [&Side<'_>; 2], out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "### Seaworthy: {} new, {} fixed, {} unchanged\n",
        count(diff.new.len(), "finding"),
        grouped(diff.fixed.len()),
        grouped(diff.unchanged)
    )?;
    writeln!(out, "From {} to {}.\n", text(old.name), text(new.name))?;
    table(out, "New", &diff.new)?;
    if !diff.graded.is_empty() {
        let rows = diff.graded.iter().map(|(old, new)| (*new, Some(format!("was {}", old.finding.severity))));
        open(out, "Other severity", &count(diff.graded.len(), "finding"))?;
        body(out, rows, diff.graded.len())?;
    }
    table(out, "Cannot be compared", &diff.undecided)?;
    table(out, "Accepted now", &diff.accepted)?;
    table(out, "Fixed", &diff.fixed)?;
    if !diff.phases.is_empty() {
        writeln!(out, "| phase | before | now | new | fixed |\n|---|---:|---:|---:|---:|")?;
        for (phase, numbers) in &diff.phases {
            let (before, now) = (numbers.before, numbers.now);
            writeln!(
                out,
                "| {} | {before} | {now} | {} | {} |",
                phase_name(*phase),
                numbers.new,
                numbers.fixed
            )?;
        }
        writeln!(out)?;
    }
    for line in coverage_changes(diff, old.report, new.report) {
        writeln!(out, "- {}", text(&line))?;
    }
    Ok(())
}

fn open(out: &mut dyn Write, title: &str, counted: &str) -> io::Result<()> {
    writeln!(out, "<details><summary>{title}: {counted}</summary>\n")
}

fn table(out: &mut dyn Write, title: &str, entries: &[Entry<'_>]) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    open(out, title, &format!("{} ({})", count(entries.len(), "finding"), severities(entries)))?;
    let rows = entries.iter().map(|entry| (entry.record, entry.note.map(str::to_owned)));
    body(out, rows, entries.len())
}

fn body<'r>(
    out: &mut dyn Write,
    rows: impl Iterator<Item = (&'r Record, Option<String>)>,
    total: usize,
) -> io::Result<()> {
    writeln!(out, "| severity | control | where | what |\n|---|---|---|---|")?;
    for (Record { finding, .. }, note) in rows.take(ROWS) {
        let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
        writeln!(
            out,
            "| {} | {} | {} | {}: {}{note} |",
            finding.severity,
            text(&finding.control),
            text(&finding.place),
            text(&finding.subject),
            text(&finding.message),
        )?;
    }
    if total > ROWS {
        writeln!(out, "\nand {} more", grouped(total - ROWS))?;
    }
    writeln!(out, "\n</details>\n")
}

/// A text that stays text: nothing in it makes a link, a tag, a mention or a cell.
fn text(text: &str) -> Cow<'_, str> {
    let text = clean(text, CELL.min(NAME));
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .,:/-()'".contains(&byte)) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // A mention would call somebody to every comment.
            '@' => safe.push_str("&#64;"),
            '#' => safe.push_str("&#35;"),
            '`' => safe.push('\''),
            '\\' | '|' | '*' | '_' | '[' | ']' | '~' | '!' => {
                safe.push('\\');
                safe.push(character);
            }
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn names_cannot_leave_their_cell() {
        assert_eq!(
            text("a|b <img src=x> @all #1 `c` [x](y)"),
            "a\\|b &lt;img src=x&gt; &#64;all &#35;1 'c' \\[x\\](y)"
        );
        assert_eq!(text("deploy/web.yaml:12"), "deploy/web.yaml:12");
    }
}
