//! A former result to compare with: what stands in it is known.

use std::collections::VecDeque;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Acceptance;
use crate::assessment::Finding;
use crate::control::Severity;

/// The open findings of a former report.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// In the order of the report.
    pub findings: Vec<FormerFinding>,
}

/// A finding of a former report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerFinding {
    /// [`Finding::fingerprint`].
    pub fingerprint: String,
    /// The control's id; the catalogue may know it no more.
    pub control: String,
    /// How bad it was.
    pub severity: Severity,
    /// What was wrong.
    pub message: String,
    /// What it was about, as people say it: `Deployment shop/web`.
    pub subject: String,
    /// Where it stood: `file:line`.
    pub place: String,
}

impl Baseline {
    /// Marks the findings that are known, each entry of the baseline for one finding (a fingerprint can occur several
    /// times), and gives back the entries of evaluated controls that no finding answers to any more.
    pub(crate) fn apply<'b>(
        &'b self,
        findings: &mut [Finding<'_>],
        evaluated: impl Fn(&str) -> bool,
    ) -> Vec<&'b FormerFinding> {
        let mut known: FxHashMap<&str, VecDeque<usize>> = FxHashMap::default();
        for (index, former) in self.findings.iter().enumerate() {
            known.entry(&former.fingerprint).or_default().push_back(index);
        }
        let fingerprints: Vec<String> = findings.par_iter().map(Finding::fingerprint).collect();
        let mut gone = vec![true; self.findings.len()];
        for (finding, fingerprint) in findings.iter_mut().zip(&fingerprints) {
            let Some(index) = known.get_mut(fingerprint.as_str()).and_then(VecDeque::pop_front) else {
                continue;
            };
            gone[index] = false;
            // What is accepted for good stays so.
            finding.exception.get_or_insert(Acceptance::Known);
        }
        let vanished =
            self.findings.iter().zip(gone).filter(|(former, gone)| *gone && evaluated(&former.control));
        vanished.map(|(former, _)| former).collect()
    }
}
