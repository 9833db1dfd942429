//! The formats by name.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use seaworthy_controls::{Assessment, nearest};
use thiserror::Error;

use crate::context::Context;
use crate::policy_report::{self, Api};
use crate::{comment, csv, github, gitlab, html, json, junit, kube_bench, sarif, terminal};

/// How an assessment is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// For a person at a terminal.
    #[default]
    Terminal,
    /// For programs: the contract `seaworthy.dev/v1alpha1`.
    Json,
    /// For code scanning services and editors: SARIF 2.1.0.
    Sarif,
    /// For people who plan, and to be passed on: one page.
    Html,
    /// For comments on pull requests, of bounded length.
    Markdown,
    /// For build servers: JUnit XML.
    Junit,
    /// For GitHub Actions: annotations beside the lines.
    Github,
    /// For GitLab: a code quality report.
    Gitlab,
    /// For clusters: `Report` objects of OpenReports.
    OpenReports,
    /// For clusters: `PolicyReport` objects.
    PolicyReport,
    /// For spreadsheets.
    Csv,
    /// For tools that read the JSON of kube-bench: the CIS benchmark.
    KubeBenchJson,
}

/// There is no format of this name.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("there is no format `{word}`{}", hint(.suggestions))]
pub struct UnknownFormat {
    /// What was asked for.
    pub word: String,
    /// The nearest names, or all of them when none is near.
    pub suggestions: Vec<String>,
}

fn hint(suggestions: &[String]) -> String {
    let quoted: Vec<String> = suggestions.iter().map(|name| format!("`{name}`")).collect();
    format!(": try {}", quoted.join(" or "))
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 12] = [
        Format::Terminal,
        Format::Json,
        Format::Sarif,
        Format::Html,
        Format::Markdown,
        Format::Junit,
        Format::Github,
        Format::Gitlab,
        Format::OpenReports,
        Format::PolicyReport,
        Format::Csv,
        Format::KubeBenchJson,
    ];

    /// Whether it shows what was tried, not only what was read.
    pub fn shows_proofs(self) -> bool {
        matches!(self, Format::Terminal | Format::Json | Format::Html | Format::Markdown | Format::Junit)
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Terminal => "terminal",
            Format::Json => "json",
            Format::Sarif => "sarif",
            Format::Html => "html",
            Format::Markdown => "markdown",
            Format::Junit => "junit",
            Format::Github => "github",
            Format::Gitlab => "gitlab",
            Format::OpenReports => "open-reports",
            Format::PolicyReport => "policy-report",
            Format::Csv => "csv",
            Format::KubeBenchJson => "kube-bench-json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Format, UnknownFormat> {
        if let Some(format) = Format::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(word))
        {
            return Ok(format);
        }
        let mut suggestions = nearest(word, Format::ALL.iter().map(|format| format.name()));
        if suggestions.is_empty() {
            suggestions = Format::ALL.iter().map(ToString::to_string).collect();
        }
        Err(UnknownFormat { word: word.to_owned(), suggestions })
    }
}

/// Writes an assessment in a format. The bytes depend on the assessment and the context alone: no clock, no
/// environment, no number of threads.
///
/// # Errors
/// Those of the writer.
pub fn write(
    format: Format,
    assessment: &Assessment<'_, '_>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::write(assessment, context, out),
        Format::Json => json::write(assessment, context, out),
        Format::Sarif => sarif::write(assessment, context, out),
        Format::Html => html::write(assessment, context, out),
        Format::Markdown => comment::write(assessment, context, out),
        Format::Junit => junit::write(assessment, context, out),
        Format::Github => github::write(assessment, context, out),
        Format::Gitlab => gitlab::write(assessment, context, out),
        Format::OpenReports => policy_report::write(Api::OpenReports, assessment, context, out),
        Format::PolicyReport => policy_report::write(Api::PolicyReport, assessment, context, out),
        Format::Csv => csv::write(assessment, context, out),
        Format::KubeBenchJson => kube_bench::write(assessment, context, out),
    }
}
