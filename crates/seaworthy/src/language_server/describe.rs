//! What an editor shows: diagnostics beside the lines, and a control's page under the pointer.

use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticSeverity, Hover, HoverContents, MarkupContent, MarkupKind,
    NumberOrString, Position, Range,
};
use seaworthy_controls::{Assessment, Control, Finding, Page, Severity};
use seaworthy_document::Span;
use seaworthy_evidence::SourceFile;

use super::documents::Encoding;

/// The name of this program beside its diagnostics.
const SOURCE: &str = "seaworthy";
/// Most diagnostics of one file; editors become slow with more.
const LIMIT: usize = 1000;

/// What is wrong with the text of a file and of those embedded in it.
pub(super) fn of_text(
    assessment: &Assessment<'_, '_>,
    files: &[u32],
    encoding: Encoding,
) -> impl Iterator<Item = Diagnostic> {
    let of_file = assessment.diagnostics.iter().filter(|diagnostic| files.contains(&diagnostic.file));
    of_file.filter_map(move |diagnostic| {
        let source = assessment.evidence.files().get(diagnostic.file as usize)?;
        Some(Diagnostic {
            range: range(source, diagnostic.span, encoding),
            severity: Some(match diagnostic.severity {
                seaworthy_evidence::Severity::Error => DiagnosticSeverity::ERROR,
                seaworthy_evidence::Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            source: Some(SOURCE.to_owned()),
            message: diagnostic.message.clone(),
            ..Diagnostic::default()
        })
    })
}

/// What controls find in a file and in those embedded in it.
pub(super) fn findings(
    assessment: &Assessment<'_, '_>,
    files: &[u32],
    encoding: Encoding,
) -> impl Iterator<Item = Diagnostic> {
    open(assessment, files).map(move |finding| Diagnostic {
        range: range_of(finding, encoding),
        severity: Some(severity(finding.severity)),
        code: Some(NumberOrString::String(finding.control.id.to_owned())),
        code_description: page_of(finding.control).map(|href| CodeDescription { href }),
        source: Some(SOURCE.to_owned()),
        message: format!("{}\n{} ({})", finding.message, finding.control.title, finding.severity),
        data: Some(serde_json::json!({ "fingerprint": finding.fingerprint() })),
        ..Diagnostic::default()
    })
}

/// In the order of the lines, and no more than editors bear.
pub(super) fn sorted(diagnostics: impl Iterator<Item = Diagnostic>) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = diagnostics.take(LIMIT).collect();
    diagnostics.sort_by_key(|diagnostic| diagnostic.range.start);
    diagnostics
}

fn open<'f>(assessment: &'f Assessment<'_, '_>, files: &[u32]) -> impl Iterator<Item = &'f Finding<'f>> {
    assessment.open().filter(|finding| files.contains(&finding.subject.object.file))
}

/// The pages of the controls that find something at a position, the worst first.
pub(super) fn hover(
    assessments: &[Assessment<'_, '_>],
    files: &[u32],
    position: Position,
    encoding: Encoding,
) -> Option<Hover> {
    let mut here: Vec<(&Finding<'_>, Range)> = assessments
        .iter()
        .flat_map(|assessment| open(assessment, files))
        .map(|finding| (finding, range_of(finding, encoding)))
        .filter(|(_, range)| range.start <= position && position <= range.end)
        .collect();
    here.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.severity));
    let (_, first) = here.first()?;
    let first = *first;
    let mut seen: Vec<&str> = Vec::new();
    let mut text = String::new();
    for (finding, _) in here {
        if seen.contains(&finding.control.id) {
            continue;
        }
        seen.push(finding.control.id);
        if !text.is_empty() {
            text.push_str("\n\n---\n\n");
        }
        text.push_str(&page(finding));
    }
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: text });
    Some(Hover { contents, range: Some(first) })
}

fn page(finding: &Finding<'_>) -> String {
    let control = finding.control;
    let head = format!("**{}** `{}`\n\n{}, {}", control.title, control.id, finding.severity, control.phase);
    match Page::parse(control.page) {
        Ok(page) => {
            format!("{head}\n\n{}\n\n**Cure.** {}", page.why, page.section("Cure").unwrap_or_default())
        }
        Err(_) => head,
    }
}

fn page_of(control: &Control) -> Option<lsp_types::Uri> {
    format!("{}/blob/main/docs/controls/{}.md", env!("CARGO_PKG_REPOSITORY"), control.id).parse().ok()
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Critical | Severity::High => DiagnosticSeverity::ERROR,
        Severity::Medium => DiagnosticSeverity::WARNING,
        Severity::Low => DiagnosticSeverity::INFORMATION,
    }
}

/// A span as a range on its first line: what is missing in a map is shown at its key, not over the whole map.
fn range(source: &SourceFile, span: Span, encoding: Encoding) -> Range {
    within(source.stream.text(), span, encoding)
}

/// Where a finding is shown.
fn range_of(finding: &Finding<'_>, encoding: Encoding) -> Range {
    within(finding.place.value.stream().text(), finding.place.span(), encoding)
}

fn within(text: &str, span: Span, encoding: Encoding) -> Range {
    let start = span.start as usize;
    let end = (span.end as usize).clamp(start, text.len().max(start));
    let first_line =
        text.get(start..end).and_then(|part| part.find(['\n', '\r'])).map_or(end, |at| start + at);
    Range { start: encoding.position(text, start), end: encoding.position(text, first_line) }
}
