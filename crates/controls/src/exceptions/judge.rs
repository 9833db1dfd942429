//! What accepts a finding, found without looking at every exception for every finding.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use seaworthy_document::Value;
use seaworthy_evidence::{Diagnostic, Evidence, Object};

use super::annotation::Annotations;
use super::scope::{Paths, covers};
use super::{Acceptance, Entry};
use crate::assessment::{Finding, Subject};
use crate::control::{Control, Severity};
use crate::evaluate::Extent;
use crate::scope::Settings;

/// How many findings each exception matches, by its number.
pub(crate) type Use = BTreeMap<u32, u32>;

/// All that can accept a finding.
pub(crate) struct Judge<'e> {
    /// The controls, in the order of their positions.
    pub(crate) controls: Vec<&'static Control>,
    evidence: &'e Evidence<'e>,
    severities: &'e BTreeMap<&'static str, Severity>,
    entries: &'e [Entry],
    /// By the position of the control.
    candidates: Vec<Candidates<'e>>,
    paths: Paths<'e>,
    annotations: Annotations<'e>,
}

/// The exceptions of one control, by their most selective criterion.
#[derive(Default)]
struct Candidates<'e> {
    by_name: FxHashMap<&'e str, Vec<u32>>,
    by_fingerprint: FxHashMap<&'e str, Vec<u32>>,
    others: Vec<u32>,
}

impl<'e> Judge<'e> {
    pub(crate) fn new<'a: 'e>(
        controls: &[&'static Control],
        evidence: &'e Evidence<'a>,
        settings: &'e Settings,
        extent: Extent<'_>,
    ) -> Judge<'e> {
        let entries = settings.exceptions.entries.as_slice();
        let mut by_control: FxHashMap<&str, Candidates<'e>> = FxHashMap::default();
        for (entry, index) in entries.iter().zip(0..) {
            for control in &entry.controls {
                by_control.entry(control).or_default().add(entry, index);
            }
        }
        let looks_at_files = entries.iter().any(|entry| !entry.exception.scope.files.is_empty());
        Judge {
            controls: controls.to_vec(),
            evidence,
            severities: &settings.severities,
            entries,
            candidates: controls
                .iter()
                .map(|control| by_control.remove(control.id).unwrap_or_default())
                .collect(),
            paths: match looks_at_files {
                true => Paths::new(evidence.files(), settings.working_directory.as_deref()),
                false => Paths::default(),
            },
            annotations: Annotations::new(evidence, extent),
        }
    }

    /// An object as the subject of a verdict.
    pub(crate) fn subject(&self, object: &'e Object<'e>) -> Subject<'e> {
        Subject { kinship: self.evidence.kinship(object), ..Subject::object(object) }
    }

    /// The severity that is configured for a control, when one is.
    pub(crate) fn severity(&self, control: &Control) -> Option<Severity> {
        self.severities.get(control.id).copied()
    }

    /// The diagnostics of the evidence, and the annotations that have no effect, in the order of the files.
    pub(crate) fn diagnostics<'a>(&self, evidence: &'e Evidence<'a>) -> Cow<'e, [Diagnostic]> {
        let own = evidence.diagnostics();
        if self.annotations.problems.is_empty() {
            return Cow::Borrowed(own);
        }
        let mut all = [own, &self.annotations.problems].concat();
        all.sort_by_key(|diagnostic| (diagnostic.file, diagnostic.document, diagnostic.span));
        Cow::Owned(all)
    }

    /// What accepts a finding of the control at a position.
    pub(crate) fn acceptance(
        &self,
        control: usize,
        finding: &Finding<'e>,
        within: Within<'e>,
        used: &mut Use,
    ) -> Option<Acceptance<'e>> {
        self.declared(control, finding, used).or_else(|| self.annotated(finding, within))
    }

    fn declared(&self, control: usize, finding: &Finding<'e>, used: &mut Use) -> Option<Acceptance<'e>> {
        let candidates = self.candidates.get(control)?;
        if candidates.is_empty() {
            return None;
        }
        let cell = OnceCell::new();
        let fingerprint = || cell.get_or_init(|| finding.fingerprint()).clone();
        let mut first: Option<u32> = None;
        let mut consider = |indexes: &[u32]| {
            for &index in indexes {
                let Some(entry) = self.entries.get(index as usize) else { continue };
                if covers(&entry.exception, finding, &self.paths, fingerprint) {
                    *used.entry(index).or_default() += 1;
                    if !entry.expired {
                        first = Some(first.map_or(index, |other| other.min(index)));
                    }
                }
            }
        };
        consider(&candidates.others);
        if let Some(indexes) = candidates.by_name.get(finding.subject.object.name) {
            consider(indexes);
        }
        if !candidates.by_fingerprint.is_empty()
            && let Some(indexes) = candidates.by_fingerprint.get(fingerprint().as_str())
        {
            consider(indexes);
        }
        Some(Acceptance::Declared(&self.entries.get(first? as usize)?.exception))
    }

    fn annotated(&self, finding: &Finding<'e>, within: Within<'e>) -> Option<Acceptance<'e>> {
        let object = finding.subject.object;
        let pod = match within {
            Within::Object => None,
            Within::Pod(spec) => Some(spec.id()),
            Within::Others => return None,
        };
        let holders = [Some(object.value.id()), pod];
        self.annotations.acceptance(finding.control, object.file, holders, finding.subject.container)
    }
}

/// What a verdict is about, apart from the object at which it stands: whose annotations count.
#[derive(Clone, Copy)]
pub(crate) enum Within<'e> {
    /// The object itself.
    Object,
    /// A pod in it, by its spec.
    Pod(Value<'e>),
    /// Something larger: a namespace that no file declares is judged at one of its pods, which cannot speak for others.
    Others,
}

impl<'e> Candidates<'e> {
    fn add(&mut self, entry: &'e Entry, index: u32) {
        let scope = &entry.exception.scope;
        let names: Vec<&str> = scope.names.iter().filter_map(|name| name.literal()).collect();
        if !scope.fingerprints.is_empty() {
            for fingerprint in &scope.fingerprints {
                push(&mut self.by_fingerprint, fingerprint, index);
            }
        } else if !names.is_empty() && names.len() == scope.names.len() {
            for name in names {
                push(&mut self.by_name, name, index);
            }
        } else {
            self.others.push(index);
        }
    }

    fn is_empty(&self) -> bool {
        self.others.is_empty() && self.by_name.is_empty() && self.by_fingerprint.is_empty()
    }
}

/// Adds an exception once, also when it says the same twice.
fn push<'e>(map: &mut FxHashMap<&'e str, Vec<u32>>, key: &'e str, index: u32) {
    let list = map.entry(key).or_default();
    if list.last() != Some(&index) {
        list.push(index);
    }
}
