//! What an evaluation has found so far.

use std::borrow::Cow;

use seaworthy_evidence::Object;

use crate::assessment::{Counts, Finding, Subject, Unknown};
use crate::control::Control;
use crate::exceptions::{Acceptance, Judge, Use, Within};
use crate::verdict::Verdict;

/// Where a verdict stands.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) object: &'a Object<'a>,
    pub(crate) container: Option<&'a str>,
    pub(crate) within: Within<'a>,
    /// Why a known component of the platform cannot do without it.
    pub(crate) needed: Option<&'static str>,
}

impl<'a> Spot<'a> {
    pub(crate) fn object(object: &'a Object<'a>) -> Spot<'a> {
        Spot { object, container: None, within: Within::Object, needed: None }
    }
}

/// What has been found so far, by the position of the control.
pub(crate) struct Tally<'c, 'a> {
    judge: &'c Judge<'a>,
    counts: Vec<Counts>,
    pub(crate) findings: Vec<Finding<'a>>,
    pub(crate) unknown: Vec<Unknown<'a>>,
    /// The control of each failing verdict.
    failing: Vec<usize>,
    /// How many findings each declared exception matches.
    pub(crate) used: Use,
}

impl<'c, 'a> Tally<'c, 'a> {
    pub(crate) fn new(judge: &'c Judge<'a>) -> Self {
        Tally {
            judge,
            counts: vec![Counts::default(); judge.controls.len()],
            findings: Vec::new(),
            unknown: Vec::new(),
            failing: Vec::new(),
            used: Use::new(),
        }
    }

    pub(crate) fn control(&self, index: usize) -> &'static Control {
        self.judge.controls[index]
    }

    pub(crate) fn record(&mut self, index: usize, spot: Spot<'a>, verdict: Verdict<'a>) {
        let control = self.control(index);
        let counts = &mut self.counts[index];
        let Spot { object, container, within, needed } = spot;
        match verdict {
            Verdict::Pass => counts.pass += 1,
            Verdict::NotApplicable => counts.not_applicable += 1,
            Verdict::Unknown { reason, needs } => {
                counts.unknown += 1;
                let subject = Some(Subject { container, ..self.judge.subject(object) });
                self.add_unknown(Unknown { control, reason, needs, subject, count: 1 });
            }
            Verdict::Fail(faults) => {
                let verdict = self.failing.len() as u32;
                self.failing.push(index);
                let subject = self.judge.subject(object);
                let configured = self.judge.severity(control);
                for fault in faults {
                    let mut finding = Finding {
                        control,
                        severity: configured.or(fault.severity).unwrap_or(control.severity),
                        message: fault.message,
                        subject: Subject {
                            container: fault.container.or(container),
                            holder: fault.holder,
                            ..subject
                        },
                        place: fault.place,
                        exception: None,
                        verdict,
                    };
                    let accepted = self.judge.acceptance(index, &finding, within, &mut self.used);
                    finding.exception = accepted.or(needed.map(Acceptance::Component));
                    self.findings.push(finding);
                }
            }
        }
    }

    /// Something about the control as a whole: there is no subject, since it was not shown.
    pub(crate) fn record_unseen(
        &mut self,
        index: usize,
        reason: Cow<'static, str>,
        needs: Cow<'static, str>,
    ) {
        let control = self.control(index);
        self.counts[index].unknown += 1;
        self.add_unknown(Unknown { control, reason, needs, subject: None, count: 1 });
    }

    fn add_unknown(&mut self, unknown: Unknown<'a>) {
        let same = |other: &&mut Unknown<'a>| {
            std::ptr::eq(other.control, unknown.control)
                && other.needs == unknown.needs
                && other.reason == unknown.reason
        };
        match self.unknown.iter_mut().find(same) {
            Some(entry) => entry.count += unknown.count,
            None => self.unknown.push(unknown),
        }
    }

    pub(crate) fn merge(&mut self, other: Tally<'_, 'a>) {
        for (counts, more) in self.counts.iter_mut().zip(&other.counts) {
            counts.add(more);
        }
        let before = self.failing.len() as u32;
        let renumbered = other.findings.into_iter();
        self.findings
            .extend(renumbered.map(|finding| Finding { verdict: finding.verdict + before, ..finding }));
        self.failing.extend(other.failing);
        other.unknown.into_iter().for_each(|unknown| self.add_unknown(unknown));
        for (exception, count) in other.used {
            *self.used.entry(exception).or_default() += count;
        }
    }

    /// The counts of all controls, now that it is settled which findings are accepted. A verdict counts as accepted
    /// when all of its places are, and as known when the others are.
    pub(crate) fn counts(&self) -> Vec<Counts> {
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        enum Fate {
            Unseen,
            Excepted,
            Known,
            Open,
        }
        let mut fate = vec![Fate::Unseen; self.failing.len()];
        for finding in &self.findings {
            let this = match finding.exception {
                None => Fate::Open,
                Some(Acceptance::Known) => Fate::Known,
                Some(_) => Fate::Excepted,
            };
            if let Some(worst) = fate.get_mut(finding.verdict as usize) {
                *worst = this.max(*worst);
            }
        }
        let mut all = self.counts.clone();
        for (index, fate) in self.failing.iter().zip(fate) {
            let Some(counts) = all.get_mut(*index) else { continue };
            match fate {
                Fate::Excepted => counts.excepted += 1,
                Fate::Known => counts.known += 1,
                // A failure without a place is a failure all the same.
                Fate::Open | Fate::Unseen => counts.fail += 1,
            }
        }
        all
    }
}
