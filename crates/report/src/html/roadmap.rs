//! The phases, the changes in them, and the controls that each change cures, as the template wants them.

use std::cmp::Reverse;

use seaworthy_controls::{Control, Finding, PhasePlan, PlannedChange, Progress, Roadmap, Severity};

use super::control::Page;
use super::filters::Filters;
use super::finding::{Quotes, namespace};
use super::listing::{Budget, Listing, fair_share};
use super::text::Ticked;
use crate::numbers::{Severities, concerned, count, phase_promise, phase_title, progress};

/// A phase.
pub(super) struct Phase {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) promise: &'static str,
    /// Whether any control of it concerns what was read.
    pub(super) concerned: bool,
    pub(super) bar: Vec<Part>,
    /// The numbers of the bar in words.
    pub(super) progress: String,
    pub(super) findings: usize,
    pub(super) changes: Vec<Change>,
    /// What to say when there is no change.
    pub(super) nothing: &'static str,
}

/// One part of a bar, in percent of its length.
pub(super) struct Part {
    pub(super) status: &'static str,
    pub(super) from: f64,
    pub(super) width: f64,
}

/// One change.
pub(super) struct Change {
    pub(super) number: usize,
    pub(super) title: Ticked<'static>,
    pub(super) findings: usize,
    pub(super) cleared: String,
    /// Those that occur, the worst first, and how often.
    pub(super) severities: Vec<(Severity, usize)>,
    pub(super) example: Option<&'static str>,
    pub(super) controls: Vec<Open>,
}

/// A control that does not hold.
pub(super) struct Open {
    pub(super) control: &'static Control,
    pub(super) severity: Severity,
    pub(super) cleared: String,
    pub(super) findings: Listing,
    pub(super) page: Page,
}

pub(super) fn phases<'r>(
    roadmap: &Roadmap<'r>,
    quotes: &mut Quotes<'r, '_>,
    filters: &mut Filters,
    budget: &mut Budget,
) -> Vec<Phase> {
    let changes = roadmap.phases.iter().flat_map(|plan| &plan.changes);
    let limit =
        fair_share(changes.flat_map(|planned| &planned.controls).map(|(_, findings)| *findings).collect());
    let mut number = 0;
    let mut phase = |plan: &PhasePlan<'r>| Phase {
        name: plan.phase.name(),
        title: phase_title(plan.phase),
        promise: phase_promise(plan.phase),
        concerned: concerned(&plan.progress) > 0,
        bar: bar(&plan.progress),
        progress: progress(&plan.progress),
        findings: plan.changes.iter().map(|planned| planned.findings.len()).sum(),
        changes: plan
            .changes
            .iter()
            .map(|planned| {
                number += 1;
                change(number, planned, limit, quotes, filters, budget)
            })
            .collect(),
        nothing: match plan.progress {
            Progress { done: 0, unknown: 0, known: 0, excepted: 0, .. } => {
                "no control of this phase concerns what was read"
            }
            Progress { unknown: 0, .. } => "nothing left to do here",
            _ => "nothing found, but some controls could not be decided: see what is unknown",
        },
    };
    roadmap.phases.iter().map(&mut phase).collect()
}

fn change<'r>(
    number: usize,
    planned: &PlannedChange<'r>,
    limit: usize,
    quotes: &mut Quotes<'r, '_>,
    filters: &mut Filters,
    budget: &mut Budget,
) -> Change {
    let by_severity = Severities::of(planned.findings.iter().copied());
    Change {
        number,
        title: Ticked(planned.title().into()),
        findings: planned.findings.len(),
        cleared: count(planned.findings.len(), "finding"),
        severities: Severity::ALL
            .into_iter()
            .map(|severity| (severity, by_severity.get(severity)))
            .filter(|(_, findings)| *findings > 0)
            .collect(),
        example: planned.change.example,
        controls: planned
            .controls
            .iter()
            .map(|(control, _)| {
                let findings =
                    planned.findings.iter().copied().filter(|finding| finding.control.id == control.id);
                open(control, findings.collect(), limit, quotes, filters, budget)
            })
            .collect(),
    }
}

fn open<'r>(
    control: &'static Control,
    mut findings: Vec<&'r Finding<'r>>,
    limit: usize,
    quotes: &mut Quotes<'r, '_>,
    filters: &mut Filters,
    budget: &mut Budget,
) -> Open {
    // The worst first; the order among equals is that of the files.
    findings.sort_by_key(|finding| Reverse(finding.severity));
    let total = findings.len();
    filters.family(control);
    let entries = findings.iter().map(|finding| {
        filters.namespace(&namespace(&finding.subject));
        quotes.finding(finding)
    });
    Open {
        control,
        severity: findings.first().map_or(control.severity, |finding| finding.severity),
        cleared: count(total, "finding"),
        findings: budget.list(entries, limit, total),
        page: Page::of(control),
    }
}

/// The controls of a phase by where they stand. Those that concern nothing here take no part.
fn bar(progress: &Progress) -> Vec<Part> {
    let share = 100.0 / concerned(progress).max(1) as f64;
    let parts = [
        ("done", progress.done),
        ("known", progress.known),
        ("excepted", progress.excepted),
        ("unknown", progress.unknown),
        ("open", progress.open),
    ];
    let mut from = 0.0;
    parts
        .into_iter()
        .filter(|(_, controls)| *controls > 0)
        .map(|(status, controls)| {
            let width = controls as f64 * share;
            from += width;
            Part { status, from: from - width, width }
        })
        .collect()
}
