//! SARIF 2.1.0 (OASIS), as code scanning services and editors read it.

use std::borrow::Cow;
use std::io::{self, Write};

use rustc_hash::FxHashMap;
use seaworthy_controls::{Acceptance, Assessment, Control, Finding, Page, Severity};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::chunks::write_list;
use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::context::Context;
use crate::markdown;
use crate::numbers::{count, not_evaluated, subject_name, undecided};
use crate::source::{Located, Range};

/// Most tags of a rule: GitHub refuses more.
const TAGS: usize = 20;

/// Writes the assessment as a SARIF log with one run.
///
/// # Errors
/// Those of the writer.
pub fn write(assessment: &Assessment<'_, '_>, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Json> = assessment.controls.iter().map(|result| rule(result.control)).collect();
    let driver = json!({
        "name": "seaworthy",
        "semanticVersion": context.tool_version,
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules,
    });
    write!(
        out,
        r#"{{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{{"tool":"#
    )?;
    serde_json::to_writer(&mut *out, &json!({ "driver": driver }))?;
    write!(out, r#","columnKind":"unicodeCodePoints","invocations":[{{"executionSuccessful":true"#)?;
    if let Some(at) = &context.generated_at {
        write!(out, r#","endTimeUtc":"#)?;
        serde_json::to_writer(&mut *out, at)?;
    }

    writeln!(out, r#","toolExecutionNotifications":["#)?;
    let gaps = gaps(assessment, context);
    write_list(&gaps, out, |(): &mut (), gap, bytes| append(bytes, gap))?;
    let diagnostics: &[_] = &assessment.diagnostics;
    if !gaps.is_empty() && !diagnostics.is_empty() {
        writeln!(out, ",")?;
    }
    write_list(diagnostics, out, |_: &mut (), diagnostic, bytes| {
        let file = &assessment.evidence.files()[diagnostic.file as usize];
        let level = match diagnostic.severity {
            seaworthy_evidence::Severity::Error => "error",
            seaworthy_evidence::Severity::Warning => "warning",
        };
        let location = Location::new(&Located::within(file, diagnostic.span));
        let text = clean(&diagnostic.message, MESSAGE);
        append(bytes, &Notification { level, message: Message { text }, locations: [location] });
    })?;

    writeln!(out, r#"]}}],"results":["#)?;
    let index: FxHashMap<&str, usize> =
        assessment.controls.iter().enumerate().map(|(index, result)| (result.control.id, index)).collect();
    write_list(&assessment.findings, out, |_: &mut (), finding, bytes| {
        append(bytes, &result(assessment, finding, index[finding.control.id]));
    })?;
    writeln!(out, "]}}]}}")
}

fn append(bytes: &mut Vec<u8>, value: &impl Serialize) {
    // Writing to a vector cannot fail, and nothing here has a key that is not text.
    let _ = serde_json::to_writer(bytes, value);
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// The middle of the range that GitHub shows under the same word.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

fn rule(control: &Control) -> Json {
    let (why, cure, help) = match Page::parse(control.page) {
        Ok(page) => {
            let help = format!("{}\n\n**Cure.** {}\n", page.why, page.section("Cure").unwrap_or_default());
            (markdown::plain(page.summary()), markdown::plain(page.cure()), help)
        }
        Err(_) => (control.title.to_owned(), control.title.to_owned(), control.title.to_owned()),
    };
    json!({
        "id": control.id,
        "name": pascal_case(control.id),
        "shortDescription": { "text": control.title },
        "fullDescription": { "text": why },
        "help": { "text": format!("{why}\n\nCure: {cure}"), "markdown": help },
        "helpUri": format!("{}/blob/main/docs/controls/{}.md", env!("CARGO_PKG_REPOSITORY"), control.id),
        "defaultConfiguration": { "level": level(control.severity) },
        "properties": {
            "phase": control.phase.name(),
            "severity": control.severity.name(),
            "change": control.change.id,
            "precision": "very-high",
            "security-severity": security_severity(control.severity),
            "tags": tags(control),
        },
    })
}

fn tags(control: &Control) -> Vec<String> {
    let mut tags = vec!["security".to_owned(), "kubernetes".to_owned(), control.phase.name().to_owned()];
    for (framework, ids) in control.mappings.all() {
        tags.extend(ids.iter().map(|id| format!("{framework}/{id}")));
    }
    tags.truncate(TAGS);
    tags
}

/// `pods/run-as-user` as `PodsRunAsUser`.
fn pascal_case(id: &str) -> String {
    id.split(['/', '-'])
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

/// What the result leaves out, as notes.
fn gaps(assessment: &Assessment<'_, '_>, context: &Context<'_>) -> Vec<Json> {
    let note = |text: String| json!({ "level": "note", "message": { "text": text } });
    let skipped = not_evaluated(assessment, context);
    let skipped =
        skipped.iter().map(|entry| note(format!("not evaluated: {}: {}", entry.reason, entry.count)));
    let undecided = undecided(assessment);
    let undecided = undecided.iter().flat_map(|group| {
        group.controls.iter().map(|(control, needs)| {
            let mut gap = note(format!(
                "`{}` is unknown for {}: {}; would be decided by {needs}",
                control.id,
                count(group.count, "subject"),
                group.reason
            ));
            gap["associatedRule"] = json!({ "id": control.id });
            gap
        })
    });
    skipped.chain(undecided).collect()
}

#[derive(Serialize)]
struct Message<'f> {
    text: Cow<'f, str>,
}

#[derive(Serialize)]
struct Notification<'f> {
    level: &'static str,
    message: Message<'f>,
    locations: [Location<'f>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingResult<'f> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message<'f>,
    locations: [Location<'f>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<RelatedLocation<'f>>,
    partial_fingerprints: Fingerprints,
    // Present in every result, so that services know the difference between "none" and "not told".
    suppressions: Vec<Suppression<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    properties: Properties,
}

/// Where a file declares what is live.
#[derive(Serialize)]
struct RelatedLocation<'f> {
    #[serde(flatten)]
    location: Location<'f>,
    message: Message<'f>,
}

impl<'f> RelatedLocation<'f> {
    fn new(declared: &Located<'f>, drifted: bool) -> RelatedLocation<'f> {
        let text = if drifted { "declared here otherwise: the cluster has drifted" } else { "declared here" };
        RelatedLocation { location: Location::new(declared), message: Message { text: text.into() } }
    }
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "seaworthy/v1")]
    seaworthy: String,
}

#[derive(Serialize)]
struct Suppression<'f> {
    kind: &'static str,
    status: &'static str,
    justification: Cow<'f, str>,
}

#[derive(Serialize)]
struct Properties {
    phase: &'static str,
    severity: &'static str,
    /// What was rendered and by what: "charts/web by helm".
    #[serde(skip_serializing_if = "Option::is_none")]
    rendered: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'f> {
    physical_location: PhysicalLocation<'f>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation<'f>; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation<'f> {
    artifact_location: ArtifactLocation<'f>,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation<'f> {
    uri: Cow<'f, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'f> {
    name: Cow<'f, str>,
    fully_qualified_name: String,
    kind: &'static str,
}

impl<'f> Location<'f> {
    fn new(located: &Located<'f>) -> Location<'f> {
        let Range { start, end } = located.range;
        Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri: uri(located.file) },
                region: Region {
                    start_line: start.line,
                    start_column: start.column,
                    end_line: end.line,
                    end_column: end.column,
                },
            },
            logical_locations: None,
        }
    }
}

/// What is only known is not suppressed: it is a result like any other that was there before.
fn suppression<'f>(acceptance: &Acceptance<'f>) -> Option<Suppression<'f>> {
    let kind = match acceptance {
        Acceptance::Component(_) | Acceptance::Declared(_) => "external",
        Acceptance::Annotated { .. } => "inSource",
        Acceptance::Known => return None,
    };
    Some(Suppression { kind, status: "accepted", justification: clean(acceptance.reason(), MESSAGE) })
}

fn result<'f>(
    assessment: &'f Assessment<'_, 'f>,
    finding: &'f Finding<'f>,
    rule_index: usize,
) -> FindingResult<'f> {
    let object = &finding.subject.object;
    let path = finding.place.path();
    let located = Located::of(assessment, finding);
    let mut location = Location::new(&located);
    location.logical_locations = Some([LogicalLocation {
        name: clean(object.name, NAME),
        fully_qualified_name: format!(
            "{}/{}/{}/{}#{}",
            clean(object.api_version, NAME),
            clean(object.kind, NAME),
            clean(object.namespace.unwrap_or_default(), NAME),
            clean(object.name, NAME),
            clean(&path, PATH),
        ),
        kind: "resource",
    }]);
    let text = format!("{} in {}", clean(&finding.message, MESSAGE), subject_name(&finding.subject));
    FindingResult {
        rule_id: finding.control.id,
        rule_index,
        level: level(finding.severity),
        message: Message { text: text.into() },
        locations: [location],
        related_locations: Located::declared(assessment, finding)
            .map(|(declared, drifted)| RelatedLocation::new(&declared, drifted))
            .into_iter()
            .collect(),
        partial_fingerprints: Fingerprints { seaworthy: finding.fingerprint_at(&path) },
        suppressions: finding.exception.as_ref().and_then(suppression).into_iter().collect(),
        baseline_state: assessment.settings.baseline.as_ref().map(|_| match finding.exception {
            None => "new",
            Some(_) => "unchanged",
        }),
        properties: Properties {
            phase: finding.control.phase.name(),
            severity: finding.severity.name(),
            rendered: located.origin.map(|origin| clean(&origin.to_string(), PATH).into_owned()),
        },
    }
}

/// A file name as a URI reference (RFC 3986): relative ones stay relative to the root of the repository.
fn uri(file: &str) -> Cow<'_, str> {
    let file = file.strip_prefix("./").unwrap_or(file);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let prefix = if file.starts_with('/') { "file://" } else { "" };
    if prefix.is_empty() && file.bytes().all(plain) {
        return Cow::Borrowed(file);
    }
    let mut uri = prefix.to_owned();
    for byte in file.bytes() {
        match plain(byte) {
            true => uri.push(char::from(byte)),
            false => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    Cow::Owned(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_become_uri_references() {
        assert_eq!(uri("a/b-1.yaml"), "a/b-1.yaml");
        assert_eq!(uri("./a.yaml"), "a.yaml");
        assert_eq!(uri("/etc/a b.yaml"), "file:///etc/a%20b.yaml");
        assert_eq!(uri("c:d#e?.yaml"), "c%3Ad%23e%3F.yaml");
        assert_eq!(uri("ü\u{1b}.yaml"), "%C3%BC%1B.yaml");
    }

    #[test]
    fn names_of_rules_are_in_pascal_case() {
        assert_eq!(pascal_case("pods/run-as-user"), "PodsRunAsUser");
    }
}
