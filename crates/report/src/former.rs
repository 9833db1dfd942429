//! Former reports, read back: baselines and both sides of a comparison.

use std::borrow::Cow;
use std::collections::BTreeMap;

use seaworthy_controls::{Baseline, FormerFinding, Severity};
use serde::Deserialize;
use thiserror::Error;

use crate::json::API_VERSION;

/// A report as `seaworthy scan --format json` wrote it, as far as it is needed to compare with it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was scanned.
    pub inputs: Vec<String>,
    /// Version of the catalogue.
    pub catalogue: String,
    /// Files that were read.
    pub files: usize,
    /// Objects in them.
    pub objects: usize,
    /// Pods and pod templates.
    pub workloads: usize,
    /// Number of things that were there and not evaluated.
    pub not_evaluated: usize,
    /// The controls that were evaluated, by id.
    pub controls: BTreeMap<String, FormerControl>,
    /// The findings, in the order of the report.
    pub findings: Vec<Record>,
    /// Files with a document that could not be read.
    pub broken: Vec<String>,
}

/// A control in a former report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormerControl {
    /// Its phase.
    pub phase: String,
    /// Subjects that could not be judged.
    pub unknown: u32,
}

/// A finding in a former report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it says.
    pub finding: FormerFinding,
    /// The phase of its control.
    pub phase: String,
    /// The file that it stands in.
    pub file: String,
    /// Why it was accepted, when it was. One that a baseline knew is not accepted.
    pub accepted: Option<String>,
}

/// A text is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// It is no JSON, or not of the shape of a report.
    #[error("it is no JSON report: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of something else.
    #[error("it is no report of `seaworthy scan --format json`: its kind is `{0}`, not `Assessment`")]
    Kind(String),
    /// It is of a version that this program does not know.
    #[error("its version is `{0}`, and this program reads `{API_VERSION}`")]
    Version(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'r> {
    #[serde(borrow, default)]
    api_version: Cow<'r, str>,
    #[serde(borrow, default)]
    kind: Cow<'r, str>,
}

#[derive(Deserialize)]
struct Body<'r> {
    #[serde(borrow)]
    tool: Tool<'r>,
    inputs: Vec<String>,
    #[serde(borrow)]
    coverage: Coverage<'r>,
    #[serde(borrow)]
    controls: Vec<Control<'r>>,
    #[serde(borrow)]
    findings: Vec<Finding<'r>>,
    #[serde(borrow)]
    diagnostics: Vec<Diagnostic<'r>>,
}

#[derive(Deserialize)]
struct Tool<'r> {
    #[serde(borrow)]
    catalogue: Cow<'r, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Coverage<'r> {
    files: Files,
    objects: usize,
    workloads: usize,
    #[serde(borrow)]
    not_evaluated: Vec<NotEvaluated<'r>>,
}

#[derive(Deserialize)]
struct Files {
    read: usize,
}

#[derive(Deserialize)]
struct NotEvaluated<'r> {
    count: usize,
    #[serde(borrow, default)]
    #[allow(dead_code, reason = "borrowing needs one member that borrows")]
    reason: Cow<'r, str>,
}

#[derive(Deserialize)]
struct Control<'r> {
    #[serde(borrow)]
    id: Cow<'r, str>,
    #[serde(borrow)]
    phase: Cow<'r, str>,
    counts: Counts,
}

#[derive(Deserialize)]
struct Counts {
    unknown: u32,
}

#[derive(Deserialize)]
struct Finding<'r> {
    #[serde(borrow)]
    control: Cow<'r, str>,
    #[serde(borrow)]
    phase: Cow<'r, str>,
    #[serde(borrow)]
    severity: Cow<'r, str>,
    #[serde(borrow)]
    message: Cow<'r, str>,
    #[serde(borrow)]
    fingerprint: Cow<'r, str>,
    #[serde(borrow)]
    subject: Subject<'r>,
    #[serde(borrow)]
    location: Location<'r>,
    #[serde(borrow)]
    exception: Option<Cow<'r, str>>,
    #[serde(borrow)]
    acceptance: Option<Acceptance<'r>>,
}

#[derive(Deserialize)]
struct Acceptance<'r> {
    #[serde(borrow)]
    by: Cow<'r, str>,
}

#[derive(Deserialize)]
struct Subject<'r> {
    #[serde(borrow)]
    kind: Cow<'r, str>,
    #[serde(borrow)]
    namespace: Option<Cow<'r, str>>,
    #[serde(borrow)]
    name: Cow<'r, str>,
    #[serde(borrow)]
    container: Option<Cow<'r, str>>,
}

#[derive(Deserialize)]
struct Location<'r> {
    #[serde(borrow)]
    file: Cow<'r, str>,
    line: u32,
}

#[derive(Deserialize)]
struct Diagnostic<'r> {
    #[serde(borrow)]
    file: Cow<'r, str>,
    #[serde(borrow)]
    severity: Cow<'r, str>,
}

impl Report {
    /// Reads a report. Members that are not known are passed over, as within a version some are only ever added.
    ///
    /// # Errors
    /// When the text is no report of a version that is known.
    pub fn read(bytes: &[u8]) -> Result<Report, ReportError> {
        let head: Head<'_> = serde_json::from_slice(bytes)?;
        if head.kind != "Assessment" {
            return Err(ReportError::Kind(head.kind.chars().take(60).collect()));
        }
        if head.api_version != API_VERSION {
            return Err(ReportError::Version(head.api_version.chars().take(60).collect()));
        }
        let body: Body<'_> = serde_json::from_slice(bytes)?;
        let findings: Result<Vec<Record>, _> = body.findings.into_iter().map(record).collect();
        let controls = body.controls.into_iter().map(|control| {
            let unknown = control.counts.unknown;
            (control.id.into_owned(), FormerControl { phase: control.phase.into_owned(), unknown })
        });
        let broken = body.diagnostics.into_iter().filter(|diagnostic| diagnostic.severity == "error");
        let mut broken: Vec<String> = broken.map(|diagnostic| diagnostic.file.into_owned()).collect();
        broken.sort_unstable();
        broken.dedup();
        Ok(Report {
            inputs: body.inputs,
            catalogue: body.tool.catalogue.into_owned(),
            files: body.coverage.files.read,
            objects: body.coverage.objects,
            workloads: body.coverage.workloads,
            not_evaluated: body.coverage.not_evaluated.iter().map(|entry| entry.count).sum(),
            controls: controls.collect(),
            findings: findings?,
            broken,
        })
    }

    /// The findings that count as known from now on: those that were not accepted.
    pub fn into_baseline(self) -> Baseline {
        let open = self.findings.into_iter().filter(|record| record.accepted.is_none());
        Baseline { findings: open.map(|record| record.finding).collect() }
    }
}

fn record(finding: Finding<'_>) -> Result<Record, ReportError> {
    let severity = Severity::ALL.into_iter().find(|severity| severity.name() == finding.severity);
    let Some(severity) = severity else {
        let message =
            format!("there is no severity `{}`", finding.severity.chars().take(60).collect::<String>());
        return Err(ReportError::Json(serde::de::Error::custom(message)));
    };
    let known = finding.acceptance.is_some_and(|acceptance| acceptance.by == "baseline");
    let Subject { kind, namespace, name, container } = finding.subject;
    let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let name = if name.is_empty() { "(unnamed)" } else { &name };
    let subject = match container.filter(|container| !container.is_empty()) {
        Some(container) => format!("container `{container}` of {kind} {namespace}{name}"),
        None => format!("{kind} {namespace}{name}"),
    };
    let file = finding.location.file.into_owned();
    Ok(Record {
        finding: FormerFinding {
            fingerprint: finding.fingerprint.into_owned(),
            control: finding.control.into_owned(),
            severity,
            message: finding.message.into_owned(),
            subject,
            place: format!("{file}:{}", finding.location.line),
        },
        phase: finding.phase.into_owned(),
        file,
        accepted: finding.exception.filter(|_| !known).map(Cow::into_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    fn what_is_no_report_is_told() {
        for (text, expected) in [
            ("", "it is no JSON report: EOF while parsing a value at line 1 column 0"),
            (
                "{\"kind\":\"Pod\"}",
                "it is no report of `seaworthy scan --format json`: its kind is `Pod`, not `Assessment`",
            ),
            (
                "{\"kind\":\"Assessment\",\"apiVersion\":\"seaworthy.dev/v9\"}",
                "its version is `seaworthy.dev/v9`, and this program reads `seaworthy.dev/v1alpha1`",
            ),
        ] {
            assert_eq!(Report::read(text.as_bytes()).unwrap_err().to_string(), expected);
        }
        let cut = "{\"kind\":\"Assessment\",\"apiVersion\":\"seaworthy.dev/v1alpha1\"}";
        assert!(Report::read(cut.as_bytes()).unwrap_err().to_string().contains("missing field `tool`"));
    }
}
