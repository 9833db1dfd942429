//! `seaworthy diff`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use seaworthy_controls::evaluate;
use seaworthy_evidence::Evidence;
use seaworthy_ingest::collect;
use seaworthy_report::diff::{Diff, DiffFormat, Side};
use seaworthy_report::former::{Report, ReportError};
use seaworthy_report::{Context, Style, json};

use super::scan::{ingest_error, skipped};
use crate::cli::{self, DiffArgs, Global};
use crate::error::{CommandError, Outcome};
use crate::output;
use crate::plan::{MAX_REPORT, Plan};
use crate::record::recorded;

pub(crate) fn run(args: &DiffArgs, global: &Global) -> Result<Outcome, CommandError> {
    if args.old.as_os_str() == "-" && args.new.as_os_str() == "-" {
        return Err(CommandError::new("both sides cannot be standard input"));
    }
    // The configuration of what is decides when the difference is too much.
    let plan = Plan::new(&args.judge, Some(&args.new), &[], global)?;
    let old = side(&args.old, args, global)?;
    let new = side(&args.new, args, global)?;
    let diff = Diff::new(&old, &new);
    let context =
        Context { style: if args.all { Style::All } else { Style::Full }, ..output::context(global) };
    let format = match args.format {
        cli::DiffFormat::Terminal => DiffFormat::Terminal,
        cli::DiffFormat::Json => DiffFormat::Json,
        cli::DiffFormat::Markdown => DiffFormat::Markdown,
    };
    let names = [&args.old, &args.new].map(|path| path.display().to_string());
    let sides = [Side { name: &names[0], report: &old }, Side { name: &names[1], report: &new }];
    output::to_stdout(|out| diff.write(format, [&sides[0], &sides[1]], &context, out))?;
    let worse =
        diff.worse().any(|record| plan.threshold.is_reached_by(record.finding.severity, &record.phase));
    Ok(if worse { Outcome::Findings } else { Outcome::Clean })
}

/// A report that was written before, or that of a scan now.
fn side(path: &Path, args: &DiffArgs, global: &Global) -> Result<Report, CommandError> {
    if let Some(report) = former(path)? {
        return Ok(report);
    }
    let mut plan = Plan::new(&args.judge, Some(path), &[], global)?;
    let paths = [path.to_owned()];
    let collected = collect(&paths, &plan.options, &|_| {}).map_err(ingest_error)?;
    let version = recorded(&collected.files).and_then(|recorded| recorded.version);
    if let Some(version) = version.filter(|_| !plan.version_is_stated) {
        plan.settings.version = version;
    }
    let evidence = Evidence::new(&collected.files);
    let assessment = evaluate(&plan.controls, &evidence, &plan.settings);
    let context = Context {
        inputs: vec![path.display().to_string()],
        skipped: skipped(&collected),
        ..output::context(global)
    };
    let mut bytes = Vec::new();
    json::write(&assessment, &context, &mut bytes).map_err(|error| CommandError::output("memory", &error))?;
    Report::read(&bytes)
        .map_err(|error| CommandError::new(format!("cannot compare `{}`: {error}", path.display())))
}

/// The report in a file, or `None` when there is something else to be scanned.
fn former(path: &Path) -> Result<Option<Report>, CommandError> {
    let name = path.display();
    let is_stdin = path.as_os_str() == "-";
    if !is_stdin && (path.is_dir() || path.extension().is_none_or(|ending| ending != "json")) {
        return Ok(None);
    }
    let fault = |error: std::io::Error| CommandError::new(format!("cannot read `{name}`: {error}"));
    let mut bytes = Vec::new();
    match is_stdin {
        true => std::io::stdin().lock().take(MAX_REPORT + 1).read_to_end(&mut bytes).map_err(fault)?,
        false => {
            File::open(path).map_err(fault)?.take(MAX_REPORT + 1).read_to_end(&mut bytes).map_err(fault)?
        }
    };
    if bytes.len() as u64 > MAX_REPORT {
        return Err(CommandError::new(format!("`{name}` is larger than 1 GiB")));
    }
    match Report::read(&bytes) {
        Ok(report) => Ok(Some(report)),
        // A manifest in JSON is scanned like any other file.
        Err(ReportError::Kind(_)) if !is_stdin => Ok(None),
        Err(error) => Err(CommandError::new(format!("cannot compare `{name}`: {error}"))
            .hint("name a report of `seaworthy scan --format json`, or a file or folder to scan")),
    }
}
