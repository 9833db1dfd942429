//! The comparison for programs: `Comparison` of `seaworthy.dev/v1alpha1`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Diff, Entry, Numbers, Side, phase_name};
use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::former::Record;
use crate::json::API_VERSION;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'d> {
    api_version: &'static str,
    kind: &'static str,
    old: SideView<'d>,
    new: SideView<'d>,
    summary: Summary,
    phases: BTreeMap<&'static str, NumbersView>,
    controls: BTreeMap<Cow<'d, str>, NumbersView>,
    lost_controls: Vec<Cow<'d, str>>,
    gained_controls: Vec<Cow<'d, str>>,
    findings: Findings<'d>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SideView<'d> {
    name: Cow<'d, str>,
    catalogue: Cow<'d, str>,
    files: usize,
    objects: usize,
    workloads: usize,
    not_evaluated: usize,
    controls: usize,
    unknown: u32,
}

#[derive(Serialize)]
struct Summary {
    new: usize,
    fixed: usize,
    undecided: usize,
    accepted: usize,
    graded: usize,
    unchanged: usize,
}

#[derive(Serialize)]
struct NumbersView {
    before: usize,
    now: usize,
    new: usize,
    fixed: usize,
}

#[derive(Serialize)]
struct Findings<'d> {
    new: Vec<FindingView<'d>>,
    fixed: Vec<FindingView<'d>>,
    undecided: Vec<FindingView<'d>>,
    accepted: Vec<FindingView<'d>>,
    graded: Vec<FindingView<'d>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingView<'d> {
    control: Cow<'d, str>,
    phase: Cow<'d, str>,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    former_severity: Option<&'static str>,
    message: Cow<'d, str>,
    fingerprint: Cow<'d, str>,
    subject: Cow<'d, str>,
    place: Cow<'d, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

impl<'d> FindingView<'d> {
    fn new(record: &'d Record, note: Option<&'static str>) -> FindingView<'d> {
        let finding = &record.finding;
        FindingView {
            control: clean(&finding.control, NAME),
            phase: clean(&record.phase, NAME),
            severity: finding.severity.name(),
            former_severity: None,
            message: clean(&finding.message, MESSAGE),
            fingerprint: clean(&finding.fingerprint, NAME),
            subject: clean(&finding.subject, MESSAGE),
            place: clean(&finding.place, PATH),
            note,
        }
    }
}

impl<'d> SideView<'d> {
    fn new(side: &Side<'d>) -> SideView<'d> {
        let report = side.report;
        SideView {
            name: clean(side.name, PATH),
            catalogue: clean(&report.catalogue, NAME),
            files: report.files,
            objects: report.objects,
            workloads: report.workloads,
            not_evaluated: report.not_evaluated,
            controls: report.controls.len(),
            unknown: report.controls.values().fold(0, |sum, control| sum.saturating_add(control.unknown)),
        }
    }
}

impl From<&Numbers> for NumbersView {
    fn from(numbers: &Numbers) -> NumbersView {
        let Numbers { before, now, new, fixed } = *numbers;
        NumbersView { before, now, new, fixed }
    }
}

pub(super) fn write(diff: &Diff<'_>, [old, new]: [&Side<'_>; 2], out: &mut dyn Write) -> io::Result<()> {
    let list = |entries: &'_ [Entry<'_>]| entries.len();
    let view = View {
        api_version: API_VERSION,
        kind: "Comparison",
        old: SideView::new(old),
        new: SideView::new(new),
        summary: Summary {
            new: list(&diff.new),
            fixed: list(&diff.fixed),
            undecided: list(&diff.undecided),
            accepted: list(&diff.accepted),
            graded: diff.graded.len(),
            unchanged: diff.unchanged,
        },
        phases: diff.phases.iter().map(|(phase, numbers)| (phase_name(*phase), numbers.into())).collect(),
        controls: diff.controls.iter().map(|(id, numbers)| (clean(id, NAME), numbers.into())).collect(),
        lost_controls: diff.lost_controls.iter().map(|id| clean(id, NAME)).collect(),
        gained_controls: diff.gained_controls.iter().map(|id| clean(id, NAME)).collect(),
        findings: Findings {
            new: views(&diff.new),
            fixed: views(&diff.fixed),
            undecided: views(&diff.undecided),
            accepted: views(&diff.accepted),
            graded: diff
                .graded
                .iter()
                .map(|(old, new)| FindingView {
                    former_severity: Some(old.finding.severity.name()),
                    ..FindingView::new(new, None)
                })
                .collect(),
        },
    };
    serde_json::to_writer_pretty(&mut *out, &view)?;
    writeln!(out)
}

fn views<'d>(entries: &[Entry<'d>]) -> Vec<FindingView<'d>> {
    entries.iter().map(|entry| FindingView::new(entry.record, entry.note)).collect()
}
