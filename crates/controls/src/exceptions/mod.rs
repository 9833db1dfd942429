//! Accepted risk: which findings are accepted, by whom, and until when.
//!
//! A finding is accepted by a declared [`Exception`], by an annotation of the object that it is about, or because it
//! belongs to a known component of the platform, in this order. Accepted findings stay in the result.

mod annotation;
mod baseline;
mod judge;
mod scope;
mod words;

use std::collections::BTreeMap;

use seaworthy_document::{Span, Value};
use seaworthy_policy::{Date, Exception};

pub use baseline::{Baseline, FormerFinding};
pub(crate) use judge::{Judge, Use, Within};

use crate::catalogue;

/// Why a finding does not count as open.
#[derive(Clone, Copy, Debug)]
pub enum Acceptance<'a> {
    /// A known component of the platform cannot work without it; the reason.
    Component(&'static str),
    /// Somebody has declared so.
    Declared(&'a Exception),
    /// The object says so itself.
    Annotated {
        /// Why.
        reason: &'a str,
        /// The annotation.
        at: Value<'a>,
        /// Index of its file in [`Evidence::files`](seaworthy_evidence::Evidence::files).
        file: u32,
    },
    /// It stands in the baseline: known, and not accepted for good.
    Known,
}

impl<'a> Acceptance<'a> {
    /// The reason as a sentence for people.
    pub fn reason(&self) -> &'a str {
        match self {
            Acceptance::Component(reason) => reason,
            Acceptance::Declared(exception) => &exception.reason,
            Acceptance::Annotated { reason, .. } => reason,
            Acceptance::Known => "it stands in the baseline",
        }
    }

    /// What accepts it, as reports name it.
    pub fn by(&self) -> &'static str {
        match self {
            Acceptance::Component(_) => "component",
            Acceptance::Declared(_) => "exception",
            Acceptance::Annotated { .. } => "annotation",
            Acceptance::Known => "baseline",
        }
    }
}

/// Declared exceptions with their controls looked up, as of a day.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    exception: Exception,
    controls: Vec<&'static str>,
    expired: bool,
}

/// An exception that cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionProblem {
    /// Its number in the list that was given.
    pub index: usize,
    /// The bytes in its file.
    pub span: Span,
    /// What is wrong and what to do.
    pub message: String,
}

impl Exceptions {
    /// Looks up the controls of the exceptions, and which of them have expired on a day.
    ///
    /// # Errors
    /// When a word means no control, or an exception would accept everything.
    pub fn new(declared: Vec<Exception>, today: Date) -> Result<Exceptions, Vec<ExceptionProblem>> {
        let mut problems = Vec::new();
        let mut entries = Vec::with_capacity(declared.len());
        for (index, exception) in declared.into_iter().enumerate() {
            let mut controls: Vec<&'static str> = Vec::new();
            for word in &exception.controls {
                match words::controls(&word.value) {
                    Ok(ids) => controls.extend(ids),
                    Err(message) => problems.push(ExceptionProblem { index, span: word.span, message }),
                }
            }
            controls.sort_unstable();
            controls.dedup();
            if controls.len() == catalogue::all().count() && exception.scope.is_boundless() {
                let message = "the exception accepts every finding of every control: name the controls, or say in \
                               `match` which objects are meant";
                problems.push(ExceptionProblem {
                    index,
                    span: exception.origin.span,
                    message: message.to_owned(),
                });
            }
            let expired = exception.expires < today;
            entries.push(Entry { exception, controls, expired });
        }
        if problems.is_empty() { Ok(Exceptions { entries }) } else { Err(problems) }
    }

    /// Number of exceptions.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What became of each exception, given how many findings each one matched.
    pub(crate) fn uses(
        &self,
        counts: &BTreeMap<u32, u32>,
        evaluated: impl Fn(&str) -> bool,
    ) -> Vec<ExceptionUse<'_>> {
        let entries = self.entries.iter().zip(0..);
        entries
            .map(|(entry, index)| {
                let count = counts.get(&index).copied().unwrap_or(0);
                let state = match count {
                    _ if entry.expired => ExceptionState::Expired,
                    1.. => ExceptionState::Used,
                    _ if entry.controls.iter().all(|id| evaluated(id)) => ExceptionState::Unused,
                    _ => ExceptionState::NotEvaluated,
                };
                ExceptionUse { exception: &entry.exception, state, count }
            })
            .collect()
    }
}

/// What became of a declared exception.
#[derive(Clone, Copy, Debug)]
pub struct ExceptionUse<'a> {
    /// The exception.
    pub exception: &'a Exception,
    /// Whether it had an effect.
    pub state: ExceptionState,
    /// Number of findings that it matches. Those of an expired one are open, unless something else accepts them.
    pub count: u32,
}

/// Whether a declared exception had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExceptionState {
    /// It accepts findings.
    Used,
    /// Its controls were evaluated, and nothing that it matches was found.
    Unused,
    /// Its last day is over: it accepts nothing any more.
    Expired,
    /// It matched nothing, but not all of its controls were evaluated.
    NotEvaluated,
}

impl ExceptionState {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            ExceptionState::Used => "used",
            ExceptionState::Unused => "unused",
            ExceptionState::Expired => "expired",
            ExceptionState::NotEvaluated => "not-evaluated",
        }
    }
}
