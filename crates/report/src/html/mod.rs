//! The roadmap as one HTML file: it loads nothing, works without its script, and runs no other.
//!
//! Templates escape whatever they are given, but for `text::Markup` and `text::Ticked`, which escape
//! themselves; the content security policy refuses what should still slip through.

mod control;
mod coverage;
mod filters;
mod finding;
mod frameworks;
mod listing;
mod proofs;
mod roadmap;
mod text;

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use askama::Template;
use data_encoding::BASE64;
use seaworthy_controls::{Assessment, Roadmap, Severity, catalogue};
use sha2::{Digest, Sha256};

use self::control::Family;
use self::coverage::{Diagnostics, Group};
use self::filters::Filters;
use self::finding::Quotes;
use self::listing::Budget;
use self::roadmap::Phase;
use crate::clean::{PATH, clean};
use crate::context::Context;
use crate::numbers::{NotEvaluated, Severities, count, grouped, kubernetes_version, not_evaluated};
use crate::redact::Secrets;

/// Inputs that are named in the heading.
const INPUTS: usize = 5;

/// Writes the assessment as a page for people. At most 5,000 findings and 16 MB of them are listed; where
/// some are left out, the page says how many.
///
/// # Errors
/// Those of the writer.
pub fn write(assessment: &Assessment<'_, '_>, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    Report::new(assessment, context).write_into(&mut out)?;
    out.flush()
}

#[derive(Template)]
#[template(path = "report.html")]
struct Report<'r> {
    policy: String,
    style: Cow<'static, str>,
    script: Cow<'static, str>,
    inputs: Vec<Cow<'r, str>>,
    /// Inputs that are not named.
    more_inputs: usize,
    tool_version: &'r str,
    catalogue: &'static str,
    kubernetes: String,
    generated_at: Option<&'r str>,
    /// Numbers and what they count: files, objects, …
    read: Vec<(String, String)>,
    verdict: String,
    severities: Vec<(Severity, String)>,
    phases: Vec<Phase>,
    filters: Filters,
    unknown: Vec<Group>,
    excepted: Vec<Group>,
    diagnostics: Diagnostics,
    not_evaluated: Vec<NotEvaluated>,
    families: Vec<Family>,
    frameworks: Vec<frameworks::View>,
    proofs: Option<proofs::Proofs>,
    configuration: Option<Cow<'r, str>>,
}

impl<'r> Report<'r> {
    fn new(assessment: &'r Assessment<'_, '_>, context: &'r Context<'_>) -> Report<'r> {
        let evidence = assessment.evidence;
        let secrets = Secrets::new(assessment);
        let mut quotes = Quotes::new(assessment, &secrets);
        let mut filters = Filters::default();
        // In the order in which they matter to a reader, should the budget run out.
        let mut budget = Budget::default();
        let diagnostics = Diagnostics::new(assessment, &mut quotes, &mut budget);
        let phases = roadmap::phases(&Roadmap::new(assessment), &mut quotes, &mut filters, &mut budget);
        let unknown = coverage::unknown(assessment, &mut filters, &mut budget);
        let excepted = coverage::excepted(assessment, &mut quotes, &mut filters, &mut budget);
        let style = unix_lines(include_str!("style.css"));
        let script = unix_lines(include_str!("script.js"));
        let by_severity = Severities::of(assessment.open());
        Report {
            policy: policy(&style, &script),
            style,
            script,
            inputs: context.inputs.iter().take(INPUTS).map(|input| clean(input, PATH)).collect(),
            more_inputs: context.inputs.len().saturating_sub(INPUTS),
            tool_version: context.tool_version,
            catalogue: catalogue::VERSION,
            kubernetes: kubernetes_version(assessment.settings.version),
            generated_at: context.generated_at.as_deref(),
            read: vec![
                numbered(evidence.files().iter().filter(|file| !file.embedded).count(), "file"),
                numbered(evidence.objects().len(), "object"),
                numbered(evidence.workloads().len(), "workload"),
                numbered(assessment.controls.len(), "control"),
            ],
            verdict: verdict(assessment),
            severities: Severity::ALL.map(|severity| (severity, grouped(by_severity.get(severity)))).into(),
            phases,
            filters: filters.finish(assessment),
            unknown,
            excepted,
            diagnostics,
            not_evaluated: not_evaluated(assessment, context),
            families: control::families(assessment),
            frameworks: frameworks::frameworks(assessment, &context.frameworks),
            proofs: proofs::proofs(assessment),
            configuration: context.configuration.as_deref().map(|file| clean(file, PATH)),
        }
    }
}

/// The number, and the noun in its singular or plural.
fn numbered(number: usize, noun: &str) -> (String, String) {
    let noun = match number {
        1 => noun.to_owned(),
        _ => format!("{noun}s"),
    };
    (grouped(number), noun)
}

/// The result in one line.
fn verdict(assessment: &Assessment<'_, '_>) -> String {
    match assessment.open().count() {
        0 if assessment.evidence.objects().is_empty() => {
            "nothing was evaluated: no Kubernetes object was read".to_owned()
        }
        0 if assessment.unknown.is_empty() => "no open finding".to_owned(),
        0 => "no open finding, but not everything could be decided".to_owned(),
        number => count(number, "open finding"),
    }
}

/// Browsers hash what they parsed, and parsers turn the line breaks of Windows, which a checkout there may
/// have put into the files, into those of Unix.
fn unix_lines(text: &'static str) -> Cow<'static, str> {
    match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n")),
        false => Cow::Borrowed(text),
    }
}

/// Allows this style and this script, and nothing else at all.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_holds_the_hashes_that_browsers_compute() {
        // `printf 'a{}' | openssl dgst -sha256 -binary | base64`, and the same for `1`.
        assert_eq!(
            policy("a{}", "1"),
            "default-src 'none'; style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='; \
             script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='; base-uri 'none'; form-action 'none'"
        );
    }

    #[test]
    fn style_and_script_cannot_end_their_elements() {
        assert!(!include_str!("style.css").contains("</"));
        assert!(!include_str!("script.js").contains("</") && !include_str!("script.js").contains("<!--"));
    }
}
