//! What is wrong with a pod: for people as text, for tools as places in the document.

use seaworthy_document::Value;

use crate::check::Check;
use crate::pod::Container;

/// Why a pod fails a check.
#[derive(Clone, Debug)]
pub struct Failure<'a> {
    /// The failed check.
    pub check: Check,
    /// The kind of fault in few words, identical to upstream's `ForbiddenReason`.
    pub reason: String,
    /// Who does what wrong, identical to upstream's `ForbiddenDetail`.
    pub detail: String,
    /// Every place in the document that is at fault, containers in the order of [`Pod::containers`](crate::Pod::containers).
    pub faults: Vec<Fault<'a>>,
}

/// One place at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault<'a> {
    /// The container at fault; `None` when it is the pod, a volume or an annotation.
    pub container: Option<Container<'a>>,
    /// The value that is not allowed; where something is missing, the deepest map (or list) in which it is.
    pub value: Value<'a>,
    /// What is missing, as a path of keys below `value`, such as `securityContext.allowPrivilegeEscalation`.
    pub missing: Option<&'static str>,
}

/// The failures in one text, as upstream's `ForbiddenDetail()` aggregates them: `reason (detail), reason (detail)`.
pub fn message<'f, 'a: 'f>(failures: impl IntoIterator<Item = &'f Failure<'a>>) -> String {
    let mut text = String::new();
    for failure in failures {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&failure.reason);
        if !failure.detail.is_empty() {
            text.push_str(" (");
            text.push_str(&failure.detail);
            text.push(')');
        }
    }
    text
}

/// The reasons alone, as upstream's `ForbiddenReason()` aggregates them for the warnings of a namespace.
pub fn reasons<'f, 'a: 'f>(failures: impl IntoIterator<Item = &'f Failure<'a>>) -> String {
    let reasons: Vec<&str> = failures.into_iter().map(|failure| failure.reason.as_str()).collect();
    reasons.join(", ")
}

/// Who set a value that is not allowed, or failed to set one that is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setter<'a> {
    Pod,
    Container(Container<'a>),
    /// By name.
    Volume(&'a str),
    /// By key.
    Annotation(&'a str),
}

/// A fault with what a check needs to put it into words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) setter: Setter<'a>,
    pub(crate) value: Value<'a>,
    pub(crate) missing: Option<&'static str>,
    /// The text of the value that is not allowed; `None` when the setter is at fault by not setting anything.
    pub(crate) bad: Option<&'a str>,
}

impl<'a> Found<'a> {
    /// A value that is not allowed, with its text.
    pub(crate) fn bad(setter: Setter<'a>, value: Value<'a>, bad: &'a str) -> Found<'a> {
        Found { setter, value, missing: None, bad: Some(bad) }
    }
}

/// Receives the faults that a check finds: counts them always, keeps them only for an explanation.
#[derive(Default)]
pub(crate) struct Faults<'a> {
    any: bool,
    keep: bool,
    found: Vec<Found<'a>>,
}

impl<'a> Faults<'a> {
    pub(crate) fn kept() -> Faults<'a> {
        Faults { keep: true, ..Faults::default() }
    }

    pub(crate) fn add(&mut self, found: Found<'a>) {
        self.any = true;
        if self.keep {
            self.found.push(found);
        }
    }

    /// Whether there was a fault since the last call.
    pub(crate) fn take_any(&mut self) -> bool {
        std::mem::take(&mut self.any)
    }

    pub(crate) fn into_found(self) -> Vec<Found<'a>> {
        self.found
    }
}

/// The places of what was found, each once.
pub(crate) fn places<'a>(found: &[Found<'a>]) -> Vec<Fault<'a>> {
    // What containers inherit from a fault of the pod is cured there.
    let pod_at_fault = found.iter().any(|found| found.setter == Setter::Pod && found.bad.is_some());
    let mut seen = std::collections::HashSet::new();
    found
        .iter()
        .filter(|found| !(pod_at_fault && found.bad.is_none()))
        .filter(|found| seen.insert((found.value.id(), found.missing)))
        .map(|found| Fault {
            container: match found.setter {
                Setter::Container(container) => Some(container),
                _ => None,
            },
            value: found.value,
            missing: found.missing,
        })
        .collect()
}
