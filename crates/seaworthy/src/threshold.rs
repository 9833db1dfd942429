//! `--fail-on`: when findings make the program exit with 1.

use std::str::FromStr;

use seaworthy_controls::{Assessment, Phase, Severity};

/// The words that it takes.
pub(crate) const WORDS: &str =
    "it takes `low`, `medium`, `high`, `critical`, `quick-win`, `next-step`, `research` or `never`";

/// When findings make the program exit with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// Never.
    Never,
    /// When one is of this severity or worse.
    Severity(Severity),
    /// When one is of this phase or an earlier one.
    Phase(Phase),
}

/// A word is neither a severity nor a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoThreshold;

impl FromStr for Threshold {
    type Err = NoThreshold;

    fn from_str(word: &str) -> Result<Threshold, NoThreshold> {
        let severity = severity(word).map(Threshold::Severity);
        let phase = Phase::ALL.into_iter().find(|phase| phase.name() == word).map(Threshold::Phase);
        let never = (word == "never").then_some(Threshold::Never);
        severity.or(phase).or(never).ok_or(NoThreshold)
    }
}

/// The severity of a name.
pub(crate) fn severity(word: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity.name() == word)
}

impl Threshold {
    /// Whether the open findings of an assessment reach it.
    pub(crate) fn is_reached(self, assessment: &Assessment<'_, '_>) -> bool {
        match self {
            Threshold::Never => false,
            Threshold::Severity(least) => assessment.worst().is_some_and(|worst| worst >= least),
            Threshold::Phase(last) => assessment.earliest_phase().is_some_and(|phase| phase <= last),
        }
    }

    /// Whether a control that was refuted reaches it.
    pub(crate) fn is_refuted(self, assessment: &Assessment<'_, '_>) -> bool {
        let standings = assessment.standings();
        let mut refuted = standings.iter().filter(|standing| standing.tries.refuted > 0);
        refuted.any(|standing| self.is_reached_by(standing.severity, standing.control.phase.name()))
    }

    /// Whether a finding of a severity, in the phase of a name, reaches it.
    pub(crate) fn is_reached_by(self, severity: Severity, phase: &str) -> bool {
        match self {
            Threshold::Never => false,
            Threshold::Severity(least) => severity >= least,
            Threshold::Phase(last) => {
                Phase::ALL.into_iter().find(|known| known.name() == phase).is_some_and(|phase| phase <= last)
            }
        }
    }
}
