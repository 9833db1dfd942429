//! What accepts findings, what stands in the baseline, and where both are declared.

use std::borrow::Cow;
use std::collections::BTreeSet;

use seaworthy_controls::{Acceptance, Assessment, ExceptionState, ExceptionUse, FormerFinding};
use seaworthy_document::Position;
use serde::Serialize;

use crate::accepted::{accepted, place};
use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::context::Context;

/// Something that accepts findings, or would.
#[derive(Serialize)]
pub(super) struct ExceptionView<'r> {
    by: &'static str,
    reason: Cow<'r, str>,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    controls: Vec<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Declared<'r>>,
}

/// Where an exception is declared.
#[derive(Serialize)]
struct Declared<'r> {
    file: Cow<'r, str>,
    line: u32,
    column: u32,
}

impl<'r> Declared<'r> {
    fn new(file: Cow<'r, str>, Position { line, column }: Position) -> Declared<'r> {
        Declared { file, line, column }
    }
}

/// Known components and annotations that accept something, then every declared exception.
pub(super) fn exceptions<'r>(assessment: &'r Assessment<'r, '_>) -> Vec<ExceptionView<'r>> {
    let mut views: Vec<ExceptionView<'r>> = Vec::new();
    for group in accepted(assessment) {
        let location = match group.acceptance {
            Acceptance::Declared(_) | Acceptance::Known => continue,
            Acceptance::Component(_) => None,
            Acceptance::Annotated { at, file, .. } => {
                let (name, position) = place(assessment, file, at);
                Some(Declared::new(name, position))
            }
        };
        views.push(ExceptionView {
            by: group.acceptance.by(),
            reason: clean(group.acceptance.reason(), MESSAGE),
            count: group.findings.len(),
            state: None,
            name: None,
            controls: Vec::new(),
            owner: None,
            expires: None,
            location,
        });
    }
    views.extend(assessment.exceptions.iter().map(declared));
    views
}

fn declared<'r>(used: &ExceptionUse<'r>) -> ExceptionView<'r> {
    let exception = used.exception;
    let origin = &exception.origin;
    let controls: BTreeSet<&str> = exception.controls.iter().map(|word| word.value.as_str()).collect();
    ExceptionView {
        by: "exception",
        reason: clean(&exception.reason, MESSAGE),
        count: used.count as usize,
        state: Some(ExceptionState::name(used.state)),
        name: exception.name.as_deref().map(|name| clean(name, NAME)),
        controls: controls.into_iter().map(|word| clean(word, NAME)).collect(),
        owner: Some(clean(&exception.owner, NAME)),
        expires: Some(exception.expires.to_string()),
        location: Some(Declared::new(
            clean(&origin.file, PATH),
            Position { line: origin.line, column: origin.column },
        )),
    }
}

/// What became of the baseline.
#[derive(Serialize)]
pub(super) struct BaselineView<'r> {
    file: Cow<'r, str>,
    known: usize,
    vanished: Vec<VanishedView<'r>>,
}

#[derive(Serialize)]
struct VanishedView<'r> {
    control: Cow<'r, str>,
    severity: &'static str,
    message: Cow<'r, str>,
    fingerprint: Cow<'r, str>,
    subject: Cow<'r, str>,
    place: Cow<'r, str>,
}

pub(super) fn baseline<'r>(
    assessment: &Assessment<'r, '_>,
    context: &'r Context<'_>,
) -> Option<BaselineView<'r>> {
    assessment.settings.baseline.as_ref()?;
    let known =
        assessment.findings.iter().filter(|finding| matches!(finding.exception, Some(Acceptance::Known)));
    let vanished = |former: &&'r FormerFinding| VanishedView {
        control: clean(&former.control, NAME),
        severity: former.severity.name(),
        message: clean(&former.message, MESSAGE),
        fingerprint: clean(&former.fingerprint, NAME),
        subject: clean(&former.subject, MESSAGE),
        place: clean(&former.place, PATH),
    };
    Some(BaselineView {
        file: clean(context.baseline.as_deref().unwrap_or("-"), PATH),
        known: known.count(),
        vanished: assessment.vanished.iter().map(vanished).collect(),
    })
}
