//! What a reader can choose from.

use std::collections::BTreeSet;

use seaworthy_controls::{Assessment, Control, Phase, Severity};

use crate::numbers::phase_title;

/// Namespaces that can be chosen; the others are found by searching.
const NAMESPACES: usize = 500;

/// The choices: only what occurs in the lists.
#[derive(Debug, Default)]
pub(super) struct Filters {
    pub(super) phases: Vec<(&'static str, &'static str)>,
    pub(super) severities: Vec<Severity>,
    pub(super) families: BTreeSet<&'static str>,
    pub(super) namespaces: BTreeSet<String>,
    pub(super) has_excepted: bool,
    pub(super) has_unknown: bool,
    /// Number of all findings of the roadmap, the unlisted ones included.
    pub(super) findings: usize,
}

impl Filters {
    pub(super) fn family(&mut self, control: &Control) {
        self.families.insert(control.family());
    }

    pub(super) fn namespace(&mut self, name: &str) {
        if self.namespaces.len() < NAMESPACES && !self.namespaces.contains(name) {
            self.namespaces.insert(name.to_owned());
        }
    }

    pub(super) fn finish(self, assessment: &Assessment<'_, '_>) -> Filters {
        Filters {
            phases: Phase::ALL.map(|phase| (phase.name(), phase_title(phase))).into(),
            severities: Severity::ALL.into(),
            has_excepted: assessment.findings.iter().any(|finding| finding.exception.is_some()),
            has_unknown: !assessment.unknown.is_empty(),
            findings: assessment.open().count(),
            ..self
        }
    }

    /// Whether there is anything to choose from.
    pub(super) fn is_empty(&self) -> bool {
        self.families.is_empty()
    }
}
