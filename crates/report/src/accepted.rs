//! Findings that are not open, by what accepts them.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use seaworthy_controls::{Acceptance, Assessment, ExceptionState, ExceptionUse, Finding};
use seaworthy_document::{Position, Value};

use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::numbers::count;
use crate::source::{Located, Range};

/// Findings that one thing accepts.
pub(crate) struct Accepted<'f> {
    pub(crate) acceptance: Acceptance<'f>,
    pub(crate) findings: Vec<&'f Finding<'f>>,
}

/// What accepts findings, in the order of the first finding that each accepts.
pub(crate) fn accepted<'f>(assessment: &'f Assessment<'f, '_>) -> Vec<Accepted<'f>> {
    let mut groups: Vec<Accepted<'f>> = Vec::new();
    let mut index: FxHashMap<(usize, usize), usize> = FxHashMap::default();
    for finding in &assessment.findings {
        let Some(acceptance) = finding.exception else { continue };
        let at = *index.entry(identity(&acceptance)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Accepted { acceptance, findings: vec![finding] }),
        }
    }
    groups
}

/// Equal for what is the same exception, annotation or reason.
fn identity(acceptance: &Acceptance<'_>) -> (usize, usize) {
    match acceptance {
        Acceptance::Component(reason) => (0, reason.as_ptr().addr()),
        Acceptance::Declared(exception) => (1, std::ptr::from_ref(*exception).addr()),
        Acceptance::Annotated { at, file, .. } => (2 + *file as usize, at.id() as usize),
        Acceptance::Known => (0, 0),
    }
}

/// The reason, and who answers for it.
pub(crate) fn title(acceptance: &Acceptance<'_>, assessment: &Assessment<'_, '_>) -> String {
    let reason = clean(acceptance.reason(), MESSAGE);
    match acceptance {
        Acceptance::Component(_) | Acceptance::Known => reason.into_owned(),
        Acceptance::Declared(exception) => format!(
            "{reason} ({}, until {}; exception `{}`)",
            clean(&exception.owner, NAME),
            exception.expires,
            clean(&exception.label(), PATH),
        ),
        Acceptance::Annotated { at, file, .. } => {
            let (name, position) = place(assessment, *file, *at);
            format!("{reason} (annotation in {name}:{})", position.line)
        }
    }
}

/// Where an annotation stands.
pub(crate) fn place<'f>(
    assessment: &Assessment<'_, 'f>,
    file: u32,
    at: Value<'_>,
) -> (Cow<'f, str>, Position) {
    match assessment.evidence.files().get(file as usize) {
        Some(file) => {
            let located = Located::within(file, at.entry_span());
            (clean(located.file, PATH), located.range.start)
        }
        None => ("".into(), Range::within(at.stream(), at.entry_span()).start),
    }
}

/// Exceptions that need somebody's attention: "expired", "unused", and how the sentence about them goes on.
pub(crate) fn attention(used: &ExceptionUse<'_>) -> Option<String> {
    let exception = used.exception;
    let label = exception.label();
    let label = clean(&label, PATH);
    let owner = clean(&exception.owner, NAME);
    match used.state {
        ExceptionState::Expired if used.count > 0 => Some(format!(
            "expired: exception `{label}` of {owner} ended with {}; {} not accepted by it any more",
            exception.expires,
            match used.count {
                1 => "1 finding is".to_owned(),
                number => format!("{} are", count(number as usize, "finding")),
            }
        )),
        ExceptionState::Expired => Some(format!(
            "expired: exception `{label}` of {owner} ended with {} and matches nothing here: remove it",
            exception.expires
        )),
        ExceptionState::Unused => {
            Some(format!("unused: exception `{label}` of {owner} matches nothing in what was read"))
        }
        ExceptionState::Used | ExceptionState::NotEvaluated => None,
    }
}
