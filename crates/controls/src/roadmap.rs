//! The roadmap: findings grouped by phase and, inside it, by the change that clears the most risk for the least
//! effort.

use std::cmp::Reverse;

use rustc_hash::FxHashSet;

use crate::assessment::{Assessment, Finding, Status};
use crate::change::{Change, Unit};
use crate::control::{Control, Phase, Severity};

/// The phases with what is done and what to do.
#[derive(Debug)]
pub struct Roadmap<'r> {
    /// One plan per phase, in order.
    pub phases: Vec<PhasePlan<'r>>,
}

/// One phase.
#[derive(Debug)]
pub struct PhasePlan<'r> {
    /// Which.
    pub phase: Phase,
    /// Number of controls by where they stand.
    pub progress: Progress,
    /// What to do, in the order in which to do it.
    pub changes: Vec<PlannedChange<'r>>,
}

/// Number of controls by where they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Controls that hold.
    pub done: usize,
    /// Controls that do not.
    pub open: usize,
    /// Controls that the evidence does not decide.
    pub unknown: usize,
    /// Controls whose findings all stand in the baseline, or are accepted.
    pub known: usize,
    /// Controls whose findings are all accepted.
    pub excepted: usize,
    /// Controls that concern nothing here.
    pub not_applicable: usize,
}

/// One change, to be made in several places.
#[derive(Debug)]
pub struct PlannedChange<'r> {
    /// What to do.
    pub change: &'static Change,
    /// What it cures in this phase, in the order of the catalogue.
    pub findings: Vec<&'r Finding<'r>>,
    /// The controls concerned, those with the worst findings first, and how many findings each has.
    pub controls: Vec<(&'static Control, usize)>,
    /// The worst severity among the findings.
    pub severity: Severity,
    /// Number of places (containers, workloads, …) to edit.
    pub units: usize,
    /// Risk that it clears: the weights of the severities, added up.
    pub risk: u32,
    /// Effort: that of one edit times the number of edits.
    pub effort: u32,
}

impl PlannedChange<'_> {
    /// The change as a sentence: "complete the `securityContext` of 7 containers".
    pub fn title(&self) -> String {
        format!("{} {} {}", self.change.action, self.units, self.change.unit.noun(self.units))
    }
}

impl<'r> Roadmap<'r> {
    /// Orders the open findings of an assessment.
    pub fn new(assessment: &'r Assessment<'_, '_>) -> Roadmap<'r> {
        let phases = Phase::ALL.map(|phase| PhasePlan {
            phase,
            progress: progress(assessment, phase),
            changes: changes(assessment, phase),
        });
        Roadmap { phases: phases.into() }
    }
}

fn progress(assessment: &Assessment<'_, '_>, phase: Phase) -> Progress {
    let mut progress = Progress::default();
    for result in assessment.controls.iter().filter(|result| result.control.phase == phase) {
        match result.counts.status() {
            Status::Done => progress.done += 1,
            Status::Open => progress.open += 1,
            Status::Unknown => progress.unknown += 1,
            Status::Known => progress.known += 1,
            Status::Excepted => progress.excepted += 1,
            Status::NotApplicable => progress.not_applicable += 1,
        }
    }
    progress
}

fn changes<'r>(assessment: &'r Assessment<'_, '_>, phase: Phase) -> Vec<PlannedChange<'r>> {
    let mut changes: Vec<PlannedChange<'r>> = Vec::new();
    for finding in assessment.open().filter(|finding| finding.control.phase == phase) {
        let change = finding.control.change;
        let planned = match changes.iter_mut().find(|planned| planned.change.id == change.id) {
            Some(planned) => planned,
            None => {
                changes.push(PlannedChange {
                    change,
                    findings: Vec::new(),
                    controls: Vec::new(),
                    severity: Severity::Low,
                    units: 0,
                    risk: 0,
                    effort: 0,
                });
                let last = changes.len() - 1;
                &mut changes[last]
            }
        };
        planned.severity = planned.severity.max(finding.severity);
        planned.risk = planned.risk.saturating_add(finding.severity.weight());
        match planned.controls.iter_mut().find(|(control, _)| control.id == finding.control.id) {
            Some((_, count)) => *count += 1,
            None => planned.controls.push((finding.control, 1)),
        }
        planned.findings.push(finding);
    }
    for planned in &mut changes {
        planned.controls.sort_by_key(|(control, count)| {
            (Reverse(control.severity), control.step, Reverse(*count), control.id)
        });
        planned.units = units(planned);
        planned.effort = planned.change.effort.saturating_mul(planned.units as u32).max(1);
    }
    // Risk cleared per effort, as a cross product to stay exact; then the larger risk, then the name.
    changes.sort_by(|a, b| {
        let (left, right) =
            (u64::from(b.risk) * u64::from(a.effort), u64::from(a.risk) * u64::from(b.effort));
        left.cmp(&right).then(b.risk.cmp(&a.risk)).then(a.change.id.cmp(b.change.id))
    });
    changes
}

/// Number of different containers, pods, … that the findings stand in.
fn units(planned: &PlannedChange<'_>) -> usize {
    let mut seen = FxHashSet::default();
    for finding in &planned.findings {
        let object = &finding.subject.object;
        let container = match planned.change.unit {
            Unit::Container => finding.subject.container,
            _ => None,
        };
        if planned.change.unit == Unit::Namespace {
            let name = if object.kind == "Namespace" { Some(object.name) } else { object.namespace };
            seen.insert((0, 0, name));
        } else {
            seen.insert((object.file, object.value.id(), container));
        }
    }
    seen.len()
}
