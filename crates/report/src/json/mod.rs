//! The report for programs: `Assessment` of `seaworthy.dev/v1alpha1`, described by
//! `schema/assessment.v1alpha1.schema.json` in the repository. Members are only ever added within a version.
//!
//! Every finding stands on a line of its own, so that reports can be searched and compared by line.

mod exceptions;
mod finding;
mod frameworks;
mod proofs;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use seaworthy_controls::{
    Acceptance, Assessment, Control, ControlResult, Counts, PARAMETERS, PlannedChange, Progress, Roadmap,
    Settings, Severity, Subject, Unknown, catalogue,
};
use seaworthy_evidence::{DeclarationCounts, Diagnostic, Origin};
use serde::Serialize;

use crate::chunks::write_list;
use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::context::Context;
use crate::numbers::{NotEvaluated, Severities, kubernetes_version, not_evaluated};
use crate::source::{Located, Range};
use exceptions::{BaselineView, ExceptionView};
use finding::Pen;
use frameworks::FrameworkView;
use proofs::{ProofView, ProvingView, StandingView};

/// The version of the contract.
pub const API_VERSION: &str = "seaworthy.dev/v1alpha1";

/// Writes the assessment for programs.
///
/// # Errors
/// Those of the writer.
pub fn write(assessment: &Assessment<'_, '_>, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let head = serde_json::to_vec(&Head::new(assessment, context))?;
    // The head is a whole object; the long lists follow inside it.
    out.write_all(&head[..head.len() - 1])?;
    let list = |name: &str, out: &mut dyn Write| writeln!(out, ",\n\"{name}\":[");

    list("findings", out)?;
    write_list(&assessment.findings, out, |pen: &mut Pen, finding, bytes| {
        pen.write(assessment, finding, bytes);
    })?;
    out.write_all(b"]")?;

    list("unknown", out)?;
    write_list(&assessment.unknown, out, |(): &mut (), unknown, bytes| {
        append(bytes, &UnknownView::new(unknown));
    })?;
    out.write_all(b"]")?;

    list("diagnostics", out)?;
    write_list(&assessment.diagnostics, out, |_: &mut (), diagnostic, bytes| {
        let file = &assessment.evidence.files()[diagnostic.file as usize];
        append(bytes, &DiagnosticView::new(diagnostic, &Located::within(file, diagnostic.span)));
    })?;
    out.write_all(b"]")?;

    if let Some(proofs) = &assessment.proofs {
        list("proofs", out)?;
        write_list(&proofs.proofs, out, |(): &mut (), proof, bytes| {
            append(bytes, &ProofView::new(proof, assessment));
        })?;
        out.write_all(b"]")?;
    }
    out.write_all(b"}\n")
}

fn append(bytes: &mut Vec<u8>, value: &impl Serialize) {
    // Writing to a vector cannot fail, and no view has a key that is not text.
    let _ = serde_json::to_writer(bytes, value);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'r> {
    api_version: &'static str,
    kind: &'static str,
    tool: Tool<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_at: Option<&'r str>,
    inputs: Vec<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<Cow<'r, str>>,
    kubernetes_version: String,
    parameters: BTreeMap<&'static str, String>,
    coverage: Coverage<'r>,
    summary: Summary,
    controls: Vec<ControlView>,
    roadmap: Vec<PhaseView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    frameworks: Vec<FrameworkView>,
    exceptions: Vec<ExceptionView<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<BaselineView<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proving: Option<ProvingView<'r>>,
}

#[derive(Serialize)]
struct Tool<'r> {
    name: &'static str,
    version: &'r str,
    catalogue: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Coverage<'r> {
    files: Files,
    /// Charts and overlays that were rendered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rendered: Vec<RenderedView<'r>>,
    documents: usize,
    objects: usize,
    workloads: usize,
    #[serde(skip_serializing_if = "is_zero")]
    represented: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    declarations: Option<DeclarationsView>,
    not_evaluated: Vec<NotEvaluated>,
}

/// How what files declare fits what the cluster holds.
#[derive(Serialize)]
struct DeclarationsView {
    matched: usize,
    drifted: usize,
    missing: usize,
    undeclared: usize,
}

impl DeclarationsView {
    fn new(counts: DeclarationCounts) -> DeclarationsView {
        let DeclarationCounts { matched, drifted, missing, undeclared } = counts;
        DeclarationsView { matched, drifted, missing, undeclared }
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[derive(Serialize)]
struct Files {
    read: usize,
    skipped: usize,
}

#[derive(Serialize)]
struct Summary {
    findings: FindingNumbers,
    controls: ProgressView,
}

#[derive(Serialize)]
struct FindingNumbers {
    open: usize,
    known: usize,
    excepted: usize,
    severities: BTreeMap<&'static str, usize>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProgressView {
    done: usize,
    open: usize,
    unknown: usize,
    known: usize,
    excepted: usize,
    not_applicable: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ControlView {
    id: &'static str,
    title: &'static str,
    phase: &'static str,
    step: u8,
    severity: &'static str,
    /// The severity that the configuration gives to all findings of the control.
    #[serde(skip_serializing_if = "Option::is_none")]
    configured_severity: Option<&'static str>,
    change: &'static str,
    status: &'static str,
    counts: CountsView,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<StandingView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CountsView {
    pass: u32,
    fail: u32,
    known: u32,
    excepted: u32,
    unknown: u32,
    not_applicable: u32,
}

#[derive(Serialize)]
struct PhaseView {
    phase: &'static str,
    progress: ProgressView,
    changes: Vec<ChangeView>,
}

#[derive(Serialize)]
struct ChangeView {
    change: &'static str,
    title: String,
    unit: &'static str,
    units: usize,
    risk: u32,
    effort: u32,
    severity: &'static str,
    findings: usize,
    severities: BTreeMap<&'static str, usize>,
    controls: Vec<ChangeControl>,
}

#[derive(Serialize)]
struct ChangeControl {
    control: &'static str,
    findings: usize,
}

impl<'r> Head<'r> {
    fn new(assessment: &'r Assessment<'r, 'r>, context: &'r Context<'_>) -> Head<'r> {
        let evidence = assessment.evidence;
        let parameters = &assessment.settings.parameters;
        let open = assessment.open().count();
        let known =
            assessment.findings.iter().filter(|finding| matches!(finding.exception, Some(Acceptance::Known)));
        let known = known.count();
        let total = Roadmap::new(assessment);
        let standings = assessment.standings();
        Head {
            api_version: API_VERSION,
            kind: "Assessment",
            tool: Tool { name: "seaworthy", version: context.tool_version, catalogue: catalogue::VERSION },
            generated_at: context.generated_at.as_deref(),
            inputs: context.inputs.iter().map(|input| clean(input, PATH)).collect(),
            configuration: context.configuration.as_deref().map(|file| clean(file, PATH)),
            kubernetes_version: kubernetes_version(assessment.settings.version),
            parameters: PARAMETERS
                .iter()
                .map(|parameter| (parameter.name, parameters.get(parameter.name).unwrap_or_default()))
                .collect(),
            coverage: Coverage {
                files: Files {
                    read: evidence
                        .files()
                        .iter()
                        .filter(|file| file.origin.is_none() && !file.embedded)
                        .count(),
                    skipped: context.skipped.iter().map(|skipped| skipped.count).sum(),
                },
                rendered: evidence
                    .files()
                    .iter()
                    .filter(|file| !file.embedded)
                    .filter_map(|file| file.origin.as_deref())
                    .map(RenderedView::new)
                    .collect(),
                documents: evidence.document_count(),
                objects: evidence.objects().len(),
                workloads: evidence.workloads().len(),
                represented: evidence.represented_count(),
                declarations: assessment.declarations.map(|found| DeclarationsView::new(found.counts())),
                not_evaluated: not_evaluated(assessment, context),
            },
            summary: Summary {
                findings: FindingNumbers {
                    open,
                    known,
                    excepted: assessment.findings.len() - open - known,
                    severities: severities(Severities::of(assessment.open())),
                },
                controls: total
                    .phases
                    .iter()
                    .fold(ProgressView::default(), |sum, plan| sum.plus(&plan.progress)),
            },
            controls: assessment
                .controls
                .iter()
                .enumerate()
                .map(|(index, result)| ControlView {
                    standing: standings.get(index).map(|standing| StandingView::new(standing, assessment)),
                    ..ControlView::new(result, assessment.settings)
                })
                .collect(),
            roadmap: total
                .phases
                .iter()
                .map(|plan| PhaseView {
                    phase: plan.phase.name(),
                    progress: ProgressView::default().plus(&plan.progress),
                    changes: plan.changes.iter().map(ChangeView::new).collect(),
                })
                .collect(),
            frameworks: context
                .frameworks
                .iter()
                .map(|framework| FrameworkView::new(*framework, assessment))
                .collect(),
            exceptions: exceptions::exceptions(assessment),
            baseline: exceptions::baseline(assessment, context),
            proving: proofs::proving(assessment, &standings),
        }
    }
}

fn severities(numbers: Severities) -> BTreeMap<&'static str, usize> {
    Severity::ALL.into_iter().map(|severity| (severity.name(), numbers.get(severity))).collect()
}

impl ProgressView {
    fn plus(self, more: &Progress) -> ProgressView {
        ProgressView {
            done: self.done + more.done,
            open: self.open + more.open,
            unknown: self.unknown + more.unknown,
            known: self.known + more.known,
            excepted: self.excepted + more.excepted,
            not_applicable: self.not_applicable + more.not_applicable,
        }
    }
}

impl ControlView {
    fn new(result: &ControlResult, settings: &Settings) -> ControlView {
        let Control { id, title, phase, step, severity, change, .. } = *result.control;
        let Counts { pass, fail, known, excepted, unknown, not_applicable } = result.counts;
        ControlView {
            id,
            title,
            phase: phase.name(),
            step,
            severity: severity.name(),
            configured_severity: settings.severities.get(id).map(|severity| severity.name()),
            change: change.id,
            status: result.counts.status().name(),
            counts: CountsView { pass, fail, known, excepted, unknown, not_applicable },
            standing: None,
        }
    }
}

impl ChangeView {
    fn new(planned: &PlannedChange<'_>) -> ChangeView {
        ChangeView {
            change: planned.change.id,
            title: planned.title(),
            unit: planned.change.unit.noun(1),
            units: planned.units,
            risk: planned.risk,
            effort: planned.effort,
            severity: planned.severity.name(),
            findings: planned.findings.len(),
            severities: severities(Severities::of(planned.findings.iter().copied())),
            controls: planned
                .controls
                .iter()
                .map(|(control, findings)| ChangeControl { control: control.id, findings: *findings })
                .collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubjectView<'f> {
    api_version: Cow<'f, str>,
    kind: Cow<'f, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<Cow<'f, str>>,
    name: Cow<'f, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<Cow<'f, str>>,
}

impl<'f> SubjectView<'f> {
    fn new(subject: &Subject<'f>) -> SubjectView<'f> {
        let name = |text| clean(text, NAME);
        SubjectView {
            api_version: name(subject.object.api_version),
            kind: name(subject.object.kind),
            namespace: subject.object.namespace.map(name),
            name: name(subject.object.name),
            container: subject.container.map(name),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationView<'f> {
    file: Cow<'f, str>,
    document: u32,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    rendered: Option<RenderedView<'f>>,
}

/// What was rendered, by what, and whether the place says the same.
#[derive(Serialize)]
struct RenderedView<'f> {
    by: &'static str,
    from: Cow<'f, str>,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    asked_by: Option<Cow<'f, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<bool>,
}

impl<'f> RenderedView<'f> {
    fn new(origin: &'f Origin) -> RenderedView<'f> {
        RenderedView {
            by: origin.by.name(),
            from: clean(&origin.from, PATH),
            asked_by: origin.asked_by.as_deref().map(|object| clean(object, NAME)),
            exact: None,
        }
    }
}

impl<'f> LocationView<'f> {
    fn new(document: u32, located: &Located<'f>) -> LocationView<'f> {
        let Range { start, end } = located.range;
        LocationView {
            file: clean(located.file, PATH),
            document,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            rendered: located
                .origin
                .map(|origin| RenderedView { exact: Some(located.exact), ..RenderedView::new(origin) }),
        }
    }
}

#[derive(Serialize)]
struct UnknownView<'f> {
    control: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectView<'f>>,
    reason: Cow<'f, str>,
    needs: &'f str,
    count: u32,
}

impl<'f> UnknownView<'f> {
    fn new(unknown: &'f Unknown<'f>) -> UnknownView<'f> {
        UnknownView {
            control: unknown.control.id,
            subject: unknown.subject.as_ref().map(SubjectView::new),
            reason: clean(&unknown.reason, MESSAGE),
            needs: &unknown.needs,
            count: unknown.count,
        }
    }
}

#[derive(Serialize)]
struct DiagnosticView<'f> {
    #[serde(flatten)]
    location: LocationView<'f>,
    severity: &'static str,
    message: Cow<'f, str>,
}

impl<'f> DiagnosticView<'f> {
    fn new(diagnostic: &'f Diagnostic, located: &Located<'f>) -> DiagnosticView<'f> {
        DiagnosticView {
            location: LocationView::new(diagnostic.document, located),
            severity: match diagnostic.severity {
                seaworthy_evidence::Severity::Error => "error",
                seaworthy_evidence::Severity::Warning => "warning",
            },
            message: clean(&diagnostic.message, MESSAGE),
        }
    }
}
