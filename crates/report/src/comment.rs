//! Markdown for a comment on a pull request: what stands where, what to do first, and as many findings as fit.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write};

use seaworthy_controls::{Assessment, Compliance, Finding, PlannedChange, Roadmap, Standing};
use seaworthy_probe::Verdict;

use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::compliance::{summary, totals};
use crate::context::Context;
use crate::numbers::{
    Severities, concerned, count, grouped, not_evaluated, object_name, phase_title, progress, undecided,
};
use crate::proofs::{Sorted, told};
use crate::source::Located;

/// Most characters of a comment: GitHub refuses more than 65,536, and something may be written around it.
const LIMIT: usize = 60_000;
/// Most changes that are named.
const CHANGES: usize = 5;
/// Most reasons that are named for what was not evaluated.
const REASONS: usize = 10;
/// Most refuted attempts that are named of each standing: a row has at most about 2,500 characters.
const PROOFS: usize = 8;

/// Writes the comment; never more than 60,000 characters.
///
/// # Errors
/// Those of the writer.
pub fn write(assessment: &Assessment<'_, '_>, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(text(assessment, context).as_bytes())
}

fn text(assessment: &Assessment<'_, '_>, context: &Context<'_>) -> String {
    let mut open: Vec<&Finding<'_>> = assessment.open().collect();
    open.sort_by_key(|finding| (Reverse(finding.severity), finding.control.phase));
    let mut text = String::new();
    if context.only_proofs {
        proofs(&mut text, assessment);
        return text.trim_start().to_owned();
    }
    let numbers = Severities::of(open.iter().copied());
    match open.len() {
        0 => line(&mut text, "### Seaworthy: nothing open"),
        many => line(&mut text, &format!("### Seaworthy: {} ({numbers})", count(many, "open finding"))),
    }
    line(&mut text, "");
    let roadmap = Roadmap::new(assessment);
    line(&mut text, "| phase | controls |");
    line(&mut text, "|---|---|");
    for plan in roadmap.phases.iter().filter(|plan| concerned(&plan.progress) > 0) {
        line(&mut text, &format!("| {} | {} |", phase_title(plan.phase), progress(&plan.progress)));
    }

    let changes: Vec<&PlannedChange<'_>> = roadmap.phases.iter().flat_map(|plan| &plan.changes).collect();
    if !changes.is_empty() {
        line(&mut text, "\n**What to do first**\n");
        for (number, change) in changes.iter().take(CHANGES).enumerate() {
            let cured = Severities::of(change.findings.iter().copied());
            line(&mut text, &format!("{}. {} ({cured})", number + 1, change.title()));
        }
        if changes.len() > CHANGES {
            line(&mut text, &format!("\nand {}", count(changes.len() - CHANGES, "further change")));
        }
    }
    proofs(&mut text, assessment);
    frameworks(&mut text, assessment, context);
    let tail = tail(assessment, context);
    findings(&mut text, assessment, &open, LIMIT.saturating_sub(tail.chars().count()));
    text.push_str(&tail);
    text
}

/// What was tried: where controls stand, what is refuted, and what would decide the rest.
fn proofs(text: &mut String, assessment: &Assessment<'_, '_>) {
    let Some(sorted) = Sorted::new(assessment) else { return };
    line(text, &format!("\n### Proofs: {}\n", sorted.summary()));
    line(text, "| standing | controls |\n|---|---|");
    for standing in Standing::ALL {
        let number = sorted.of(standing).count();
        if number > 0 {
            line(text, &format!("| {standing} | {} |", grouped(number)));
        }
    }
    for (standing, controls) in sorted.refuted() {
        line(text, &format!("\n**Refuted, {standing}**: {}\n", standing.meaning()));
        line(text, "| severity | control | what was seen | request |\n|---|---|---|---|");
        let attempts = controls.iter().flat_map(|control| {
            let refuted = sorted.attempts(control.control.id, Verdict::Refuted);
            refuted.into_iter().map(move |proof| (control.severity, proof))
        });
        let attempts: Vec<_> = attempts.collect();
        for (severity, proof) in attempts.iter().take(PROOFS) {
            let (seen, asked) = told(proof);
            let asked = if asked.is_empty() { String::new() } else { code(&asked) };
            line(text, &format!("| {severity} | `{}` | {} | {asked} |", proof.control.id, inline(&seen)));
        }
        if attempts.len() > PROOFS {
            line(text, &format!("\nand {} more", grouped(attempts.len() - PROOFS)));
        }
    }
    let undecided = sorted.undecided();
    if !undecided.is_empty() {
        line(text, "\n<details><summary>Not decided</summary>\n");
        for group in undecided.iter().take(REASONS) {
            let needs = if group.needs.is_empty() { group.reason } else { group.needs };
            let controls = count(group.controls.len(), "control");
            line(text, &format!("- {}: {controls}", inline(&clean(needs, MESSAGE))));
        }
        if undecided.len() > REASONS {
            line(text, &format!("- and {}", count(undecided.len() - REASONS, "further need")));
        }
        line(text, "\n</details>");
    }
    line(text, &format!("\n{}.", inline(&sorted.bounds())));
}

/// Where frameworks stand: one line each, and the sections of a benchmark.
fn frameworks(text: &mut String, assessment: &Assessment<'_, '_>, context: &Context<'_>) {
    for framework in &context.frameworks {
        let compliance = Compliance::new(*framework, assessment);
        line(text, &format!("\n**{}**: {}", compliance.title(), summary(&compliance)));
        let Some(edition) = &compliance.edition else { continue };
        if let Some(note) = &edition.note {
            line(text, &format!("\n{note}"));
        }
        line(text, "\n| section | items |\n|---|---|");
        for (title, items) in compliance.sections() {
            line(text, &format!("| {title} | {} |", totals(items)));
        }
    }
}

/// The findings that fit, the worst first.
fn findings(text: &mut String, assessment: &Assessment<'_, '_>, open: &[&Finding<'_>], limit: usize) {
    if open.is_empty() {
        return;
    }
    line(text, "\n<details><summary>Findings</summary>\n");
    line(text, "| severity | control | what | where |");
    line(text, "|---|---|---|---|");
    const END: &str = "\n</details>";
    let mut length = text.chars().count() + END.len() + 100;
    let mut shown = 0;
    for finding in open {
        let located = Located::of(assessment, finding);
        let place = format!("{}:{}", clean(located.file, PATH), located.range.start.line);
        let subject = match finding.subject.container.filter(|name| !name.is_empty()) {
            Some(container) => {
                format!(
                    "{}, container {}",
                    code(&object_name(finding.subject.object)),
                    code(&clean(container, NAME))
                )
            }
            None => code(&object_name(finding.subject.object)),
        };
        let row = format!(
            "| {} | `{}` | {}: {} | {}{} |",
            finding.severity,
            finding.control.id,
            subject,
            inline(&clean(&finding.message, MESSAGE)),
            code(&place),
            located.remark(),
        );
        let more = row.chars().count() + 1;
        if length + more > limit {
            break;
        }
        length += more;
        shown += 1;
        line(text, &row);
    }
    if shown < open.len() {
        line(text, &format!("\nand {} more", grouped(open.len() - shown)));
    }
    line(text, END);
}

/// What the numbers leave out. Always said, since a short comment must not look like a clean one.
fn tail(assessment: &Assessment<'_, '_>, context: &Context<'_>) -> String {
    let mut text = String::new();
    let excepted = assessment.findings.len() - assessment.open().count();
    if excepted > 0 {
        line(&mut text, &format!("\n{} accepted.", count(excepted, "finding")));
    }
    let skipped = not_evaluated(assessment, context);
    let undecided = undecided(assessment);
    if !skipped.is_empty() || !undecided.is_empty() {
        line(&mut text, "\n<details><summary>Not evaluated</summary>\n");
        for entry in skipped.iter().take(REASONS) {
            line(&mut text, &format!("- {}: {}", inline(&entry.reason), grouped(entry.count)));
        }
        for group in undecided.iter().take(REASONS) {
            let controls = count(group.controls.len(), "control");
            line(&mut text, &format!("- {}: {controls} unknown", inline(&group.reason)));
        }
        let left = skipped.len().saturating_sub(REASONS) + undecided.len().saturating_sub(REASONS);
        if left > 0 {
            line(&mut text, &format!("- and {}", count(left, "further reason")));
        }
        line(&mut text, "\n</details>");
    }
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

/// A text as a code span, in which nothing is a mention, a link or a cell border.
fn code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", text.replace('|', "\\|"))
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for byte in text.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A message, whose code spans are kept; what stands outside of them is plain text.
fn inline(message: &str) -> String {
    let ticks = message.matches('`').count();
    if ticks % 2 == 1 || message.contains("``") {
        return code(message);
    }
    let mut text = String::with_capacity(message.len() + 16);
    for (index, part) in message.split('`').enumerate() {
        if index % 2 == 1 {
            text.push_str(&code(part));
            continue;
        }
        for character in part.chars() {
            match character {
                '<' => text.push_str("&lt;"),
                '&' => text.push_str("&amp;"),
                '@' => text.push_str("&#64;"),
                '\\' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => text.extend(['\\', character]),
                _ => text.push(character),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(inline("`a: b` is *set* <b> @all"), "`a: b` is \\*set\\* &lt;b> &#64;all");
        assert_eq!(inline("one ` tick"), "``one ` tick``");
    }
}
