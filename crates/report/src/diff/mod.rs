//! Two reports side by side: what is new, what is gone, and what cannot be compared.

mod json;
mod markdown;
mod terminal;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

use rustc_hash::{FxHashMap, FxHashSet};
use seaworthy_controls::{Phase, Severity};

use crate::former::{Record, Report};

/// How a comparison is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffFormat {
    /// For a person at a terminal.
    Terminal,
    /// For programs.
    Json,
    /// For comments on pull requests; lists are cut so that a comment holds them.
    Markdown,
}

/// A finding that is in one report only.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'r> {
    /// The finding.
    pub record: &'r Record,
    /// What else there is to know about it.
    pub note: Option<&'static str>,
}

/// What differs between two reports. Findings are compared by fingerprint, each occurrence with one of the other side.
/// What is accepted counts as not open; what a baseline knows counts as open.
#[derive(Debug, Default)]
pub struct Diff<'r> {
    /// Open now, and not before.
    pub new: Vec<Entry<'r>>,
    /// Open before and found no more: cured, or removed.
    pub fixed: Vec<Entry<'r>>,
    /// Open before, and nobody can tell now: the control or the file was not evaluated.
    pub undecided: Vec<Entry<'r>>,
    /// Open before and accepted now.
    pub accepted: Vec<Entry<'r>>,
    /// Open on both sides with another severity: before and now.
    pub graded: Vec<(&'r Record, &'r Record)>,
    /// Number of findings that are open on both sides.
    pub unchanged: usize,
    /// By phase, in order.
    pub phases: BTreeMap<usize, Numbers>,
    /// By control, those where something differs.
    pub controls: BTreeMap<&'r str, Numbers>,
    /// Controls that were evaluated before and not now.
    pub lost_controls: Vec<&'r str>,
    /// Controls that are evaluated now and were not before.
    pub gained_controls: Vec<&'r str>,
}

/// Numbers of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Open before.
    pub before: usize,
    /// Open now.
    pub now: usize,
    /// Open now and not before.
    pub new: usize,
    /// Gone.
    pub fixed: usize,
}

impl<'r> Diff<'r> {
    /// Compares a former report with a later one.
    pub fn new(old: &'r Report, new: &'r Report) -> Diff<'r> {
        let mut diff = Diff {
            lost_controls: only_in(&old.controls, &new.controls),
            gained_controls: only_in(&new.controls, &old.controls),
            ..Diff::default()
        };
        let mut before = by_fingerprint(old, |record| record.accepted.is_none());
        let mut accepted_before = by_fingerprint(old, |record| record.accepted.is_some());
        let mut accepted_now = by_fingerprint(new, |record| record.accepted.is_some());
        for record in new.findings.iter().filter(|record| record.accepted.is_none()) {
            diff.number(record, |numbers| numbers.now += 1);
            match take(&mut before, record) {
                Some(other) => {
                    diff.unchanged += 1;
                    if other.finding.severity != record.finding.severity {
                        diff.graded.push((other, record));
                    }
                }
                None => {
                    let note = if take(&mut accepted_before, record).is_some() {
                        Some("was accepted before")
                    } else if !old.controls.contains_key(&record.finding.control) {
                        Some("its control was not evaluated before")
                    } else {
                        None
                    };
                    diff.number(record, |numbers| numbers.new += 1);
                    diff.new.push(Entry { record, note });
                }
            }
        }
        let left: FxHashSet<*const Record> = before.into_values().flatten().map(std::ptr::from_ref).collect();
        for record in old.findings.iter().filter(|record| record.accepted.is_none()) {
            diff.number(record, |numbers| numbers.before += 1);
            if !left.contains(&std::ptr::from_ref(record)) {
                continue;
            }
            if take(&mut accepted_now, record).is_some() {
                diff.accepted.push(Entry { record, note: None });
            } else if let Some(note) = why_undecided(record, old, new) {
                diff.undecided.push(Entry { record, note: Some(note) });
            } else {
                diff.number(record, |numbers| numbers.fixed += 1);
                diff.fixed.push(Entry { record, note: None });
            }
        }
        diff.controls.retain(|_, numbers| numbers.new > 0 || numbers.before != numbers.now);
        for list in [&mut diff.new, &mut diff.fixed, &mut diff.undecided, &mut diff.accepted] {
            list.sort_by_key(|entry| std::cmp::Reverse(entry.record.finding.severity));
        }
        diff
    }

    fn number(&mut self, record: &'r Record, count: impl Fn(&mut Numbers)) {
        let phase = Phase::ALL.into_iter().position(|phase| phase.name() == record.phase);
        count(self.phases.entry(phase.unwrap_or(Phase::ALL.len())).or_default());
        count(self.controls.entry(&record.finding.control).or_default());
    }

    /// What got worse: new findings, and those with a higher severity than before.
    pub fn worse(&self) -> impl Iterator<Item = &'r Record> {
        let raised = self.graded.iter().filter(|(old, new)| new.finding.severity > old.finding.severity);
        self.new.iter().map(|entry| entry.record).chain(raised.map(|(_, new)| *new))
    }

    /// Writes the comparison of two reports, the former first.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(
        &self,
        format: DiffFormat,
        sides: [&Side<'_>; 2],
        context: &crate::Context<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match format {
            DiffFormat::Terminal => terminal::write(self, sides, context, out),
            DiffFormat::Json => json::write(self, sides, out),
            DiffFormat::Markdown => markdown::write(self, sides, out),
        }
    }
}

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'r> {
    /// What the person called it.
    pub name: &'r str,
    /// The report.
    pub report: &'r Report,
}

fn only_in<'r, V>(these: &'r BTreeMap<String, V>, those: &BTreeMap<String, V>) -> Vec<&'r str> {
    these.keys().filter(|id| !those.contains_key(*id)).map(String::as_str).collect()
}

type ByFingerprint<'r> = FxHashMap<&'r str, VecDeque<&'r Record>>;

fn by_fingerprint<'r>(report: &'r Report, wanted: impl Fn(&Record) -> bool) -> ByFingerprint<'r> {
    let mut records = ByFingerprint::default();
    for record in report.findings.iter().filter(|record| wanted(record)) {
        records.entry(&record.finding.fingerprint).or_default().push_back(record);
    }
    records
}

/// The next record of the same fingerprint, which then answers to no other any more.
fn take<'r>(records: &mut ByFingerprint<'r>, like: &Record) -> Option<&'r Record> {
    records.get_mut(like.finding.fingerprint.as_str())?.pop_front()
}

/// Why the absence of a finding does not say that it is cured.
fn why_undecided(record: &Record, old: &Report, new: &Report) -> Option<&'static str> {
    let unknown =
        |report: &Report| report.controls.get(&record.finding.control).map(|control| control.unknown);
    let is_broken = |report: &Report| report.broken.binary_search(&record.file).is_ok();
    match (unknown(old), unknown(new)) {
        (_, None) => Some("its control was not evaluated now"),
        _ if is_broken(new) && !is_broken(old) => Some("its file has errors now"),
        (Some(before), Some(now)) if now > before => {
            Some("its control is undecided for more subjects than before")
        }
        _ => None,
    }
}

/// Number of entries by severity, as "1 critical, 2 high".
fn severities(entries: &[Entry<'_>]) -> String {
    let number =
        |severity: Severity| entries.iter().filter(|entry| entry.record.finding.severity == severity).count();
    let numbers = Severity::ALL.into_iter().map(|severity| (number(severity), severity));
    let words: Vec<String> = numbers
        .filter(|(number, _)| *number > 0)
        .map(|(number, severity)| format!("{number} {severity}"))
        .collect();
    words.join(", ")
}

fn phase_name(index: usize) -> &'static str {
    Phase::ALL.get(index).map_or("other", |phase| phase.name())
}
