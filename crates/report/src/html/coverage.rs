//! What the roadmap does not say: what is unknown, what is accepted, and what is wrong with the input.

use std::borrow::Cow;

use askama::Template;
use seaworthy_controls::{Assessment, Control, Unknown};
use seaworthy_evidence::{Diagnostic, Severity};

use super::filters::Filters;
use super::finding::{Line, Quotes, namespace};
use super::listing::{Budget, Listing};
use super::text::{Markup, Ticked};
use crate::accepted::{Accepted, accepted, title};
use crate::clean::{MESSAGE, PATH, clean};
use crate::numbers::{count, subject_name};
use crate::source::Range;

/// Most entries under one heading.
const ENTRIES: usize = 200;

/// Entries that have something in common.
pub(super) struct Group {
    pub(super) title: Ticked<'static>,
    pub(super) entries: Listing,
}

#[derive(Template)]
#[template(path = "unknown.html")]
struct UnknownView<'v> {
    control: &'static Control,
    /// The namespace, when all subjects are in it.
    namespace: Option<Cow<'v, str>>,
    reason: Ticked<'v>,
    subject: Option<Ticked<'v>>,
    /// Number of further subjects.
    more: usize,
}

/// What the evidence does not decide, by what would decide it.
pub(super) fn unknown(
    assessment: &Assessment<'_, '_>,
    filters: &mut Filters,
    budget: &mut Budget,
) -> Vec<Group> {
    let groups = grouped_by(&assessment.unknown, |unknown| Some(unknown.needs.as_ref()));
    let group = |(needs, entries): (&str, Vec<&Unknown<'_>>)| {
        let total = entries.len();
        let views = entries.iter().map(|unknown| {
            filters.family(unknown.control);
            let single = unknown.subject.as_ref().filter(|_| unknown.count == 1).map(namespace);
            single.iter().for_each(|name| filters.namespace(name));
            Markup::rendered(&UnknownView {
                control: unknown.control,
                namespace: single,
                reason: Ticked(clean(&unknown.reason, MESSAGE)),
                subject: unknown.subject.as_ref().map(|subject| Ticked(subject_name(subject).into())),
                more: unknown.count.saturating_sub(1) as usize,
            })
        });
        Group { title: Ticked(needs.to_owned().into()), entries: budget.list(views, ENTRIES, total) }
    };
    groups.into_iter().map(group).collect()
}

/// Accepted findings, by the reason for which they are accepted.
pub(super) fn excepted<'r>(
    assessment: &'r Assessment<'r, '_>,
    quotes: &mut Quotes<'r, '_>,
    filters: &mut Filters,
    budget: &mut Budget,
) -> Vec<Group> {
    let group = |Accepted { acceptance, findings }: Accepted<'r>| {
        let total = findings.len();
        let views = findings.iter().map(|finding| {
            filters.family(finding.control);
            filters.namespace(&namespace(&finding.subject));
            quotes.finding(finding)
        });
        let title = Ticked(title(&acceptance, assessment).into());
        Group { title, entries: budget.list(views, ENTRIES, total) }
    };
    // Thousands of annotations are thousands of groups; the JSON report has them all.
    accepted(assessment).into_iter().take(ENTRIES).map(group).collect()
}

/// Items by a key, keys and items in the order in which they come; those without a key are left out.
fn grouped_by<'i, T>(items: &'i [T], key: impl Fn(&'i T) -> Option<&'i str>) -> Vec<(&'i str, Vec<&'i T>)> {
    let mut groups: Vec<(&str, Vec<&T>)> = Vec::new();
    for item in items {
        let Some(key) = key(item) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups
}

/// What is wrong with the input.
pub(super) struct Diagnostics {
    pub(super) entries: Listing,
    /// "2 errors and 1 warning".
    pub(super) counted: String,
}

#[derive(Template)]
#[template(path = "diagnostic.html")]
struct DiagnosticView<'v> {
    word: &'static str,
    message: Ticked<'v>,
    file: Cow<'v, str>,
    range: Range,
    remark: &'static str,
    lines: Vec<Line>,
}

impl Diagnostics {
    pub(super) fn new<'r>(
        assessment: &Assessment<'_, '_>,
        quotes: &mut Quotes<'r, '_>,
        budget: &mut Budget,
    ) -> Diagnostics {
        let mut diagnostics: Vec<&Diagnostic> = assessment.diagnostics.iter().collect();
        // Errors take something away from the result, warnings do not.
        diagnostics.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.severity));
        let errors = diagnostics.partition_point(|diagnostic| diagnostic.severity == Severity::Error);
        let total = diagnostics.len();
        let views = diagnostics.iter().map(|diagnostic| {
            let (located, lines) = quotes.place(diagnostic.file, diagnostic.span);
            Markup::rendered(&DiagnosticView {
                word: match diagnostic.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                message: Ticked(clean(&diagnostic.message, MESSAGE)),
                file: clean(located.file, PATH),
                range: located.range,
                remark: located.remark(),
                lines,
            })
        });
        Diagnostics {
            entries: budget.list(views, ENTRIES, total),
            counted: match (errors, total - errors) {
                (errors, 0) => count(errors, "error"),
                (0, warnings) => count(warnings, "warning"),
                (errors, warnings) => {
                    format!("{} and {}", count(errors, "error"), count(warnings, "warning"))
                }
            },
        }
    }
}
