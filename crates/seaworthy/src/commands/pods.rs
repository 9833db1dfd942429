//! `seaworthy pods evaluate`: Pod Security verdicts in bulk.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use seaworthy_document::{Stream, Value};
use seaworthy_evidence::{Evidence, Severity, SourceFile, Workload};
use seaworthy_ingest::{Options, collect};
use seaworthy_podsecurity::{self as podsecurity, Level, Version};
use serde::Serialize;

use crate::cli::{EvaluateArgs, EvaluateFormat, PodsArgs, PodsCommand};
use crate::error::{CommandError, Outcome};
use crate::output;

/// Requests that are answered together; bounds memory and keeps all cores busy.
const BATCH: usize = 512;
/// Longest request, in bytes: well above the 3 MiB that the API server accepts of an object.
const MAX_REQUEST: u64 = 16 << 20;

pub(crate) fn run(args: &PodsArgs) -> Result<Outcome, CommandError> {
    let PodsCommand::Evaluate(args) = &args.command;
    match &args.requests {
        Some(path) => answer_requests(path),
        None => evaluate_paths(args),
    }
}

/// The answer about one pod; the contract of `--format jsonl`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    file: String,
    document: u32,
    kind: String,
    namespace: Option<String>,
    name: String,
    /// As asked; absent without `--level`.
    level: Option<String>,
    version: String,
    /// Whether the pod meets the level; absent without `--level`.
    allowed: Option<bool>,
    /// The strictest level that the pod meets; absent when the API server would refuse to decode it.
    highest: Option<String>,
    failed: Vec<FailedCheck>,
    /// Why the API server would refuse to decode the pod.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<RefusedField>,
}

#[derive(Debug, Serialize)]
struct FailedCheck {
    check: &'static str,
    reason: String,
    detail: String,
}

#[derive(Debug, Serialize)]
struct RefusedField {
    line: u32,
    column: u32,
    message: String,
}

fn parse_version(text: &str) -> Result<Version, CommandError> {
    text.parse().map_err(|_| {
        CommandError::new(format!("`{text}` is no version of the Pod Security Standards"))
            .hint("versions are `latest` and `v1.N`, as `v1.29`")
    })
}

fn evaluate_paths(args: &EvaluateArgs) -> Result<Outcome, CommandError> {
    let version = parse_version(&args.version)?;
    let level = args.level.as_deref().and_then(|level| level.parse::<Level>().ok());
    let collected = collect(&args.paths, &Options::default(), &|_| {}).map_err(super::scan::ingest_error)?;
    let evidence = Evidence::new(&collected.files);
    for diagnostic in
        evidence.diagnostics().iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
    {
        let file = &evidence.files()[diagnostic.file as usize];
        let at = file.stream.position(diagnostic.span.start);
        output::message(&format!("{}:{}:{}: {}", file.name, at.line, at.column, diagnostic.message));
    }
    let mut outcome = Outcome::Clean;
    output::to_stdout(|out| {
        for workload in evidence.workloads() {
            let answer = judge(&evidence, workload, level, version);
            if answer.allowed == Some(false) || !answer.refused.is_empty() {
                outcome = Outcome::Findings;
            }
            match args.format {
                EvaluateFormat::Jsonl => write_line(out, &answer)?,
                EvaluateFormat::Text => write_text(out, &answer)?,
            }
        }
        Ok(())
    })?;
    if evidence.workloads().is_empty() {
        output::message(&"no pod or pod template was found");
    }
    Ok(outcome)
}

fn judge(evidence: &Evidence<'_>, workload: &Workload<'_>, level: Option<Level>, version: Version) -> Answer {
    let owner = evidence.owner(workload);
    let file = &evidence.files()[owner.file as usize];
    let highest = podsecurity::highest_level(&workload.pod, version);
    // Without a level to meet, what keeps the pod from the next one is of interest.
    let asked = level.unwrap_or(match highest {
        Level::Privileged => Level::Baseline,
        Level::Baseline | Level::Restricted => Level::Restricted,
    });
    let failed = podsecurity::evaluate(&workload.pod, asked, version);
    let explain = |check| {
        let failure = podsecurity::explain(&workload.pod, check, version);
        FailedCheck { check: failure.check.id(), reason: failure.reason, detail: failure.detail }
    };
    let refused = match workload.refused {
        true => refusals(evidence, owner.file, owner.value),
        false => Vec::new(),
    };
    Answer {
        file: file.name.clone(),
        document: owner.document,
        kind: owner.kind.to_owned(),
        namespace: owner.namespace.map(str::to_owned),
        name: owner.name.to_owned(),
        level: level.map(|level| level.to_string()),
        version: version.to_string(),
        allowed: level.map(|_| failed.is_empty() && !workload.refused),
        highest: (!workload.refused).then(|| highest.to_string()),
        failed: failed.into_iter().map(explain).collect(),
        refused,
    }
}

/// What the diagnostics say about an object.
fn refusals(evidence: &Evidence<'_>, file: u32, object: Value<'_>) -> Vec<RefusedField> {
    let span = object.span();
    let stream = object.stream();
    let inside = |start: u32| (span.start..span.end.max(span.start + 1)).contains(&start);
    let errors = evidence.diagnostics().iter().filter(|diagnostic| {
        diagnostic.file == file && diagnostic.severity == Severity::Error && inside(diagnostic.span.start)
    });
    let field = |diagnostic: &seaworthy_evidence::Diagnostic| {
        let at = stream.position(diagnostic.span.start);
        RefusedField { line: at.line, column: at.column, message: diagnostic.message.clone() }
    };
    errors.map(field).collect()
}

fn write_line(out: &mut dyn Write, answer: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")
}

fn write_text(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    let namespace = answer.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let verdict = match (&answer.highest, answer.allowed) {
        (None, _) => "refused by the API server".to_owned(),
        (Some(highest), None) => format!("meets {highest}"),
        (Some(_), Some(true)) => format!("allowed by {}", answer.level.as_deref().unwrap_or_default()),
        (Some(highest), Some(false)) => {
            format!("violates {} (meets {highest})", answer.level.as_deref().unwrap_or_default())
        }
    };
    writeln!(out, "{} {namespace}{} ({}): {verdict}", answer.kind, answer.name, answer.file)?;
    for refused in &answer.refused {
        writeln!(out, "  line {}: {}", refused.line, refused.message)?;
    }
    for failed in &answer.failed {
        match failed.detail.as_str() {
            "" => writeln!(out, "  {}: {}", failed.check, failed.reason)?,
            detail => writeln!(out, "  {}: {} ({detail})", failed.check, failed.reason)?,
        }
    }
    Ok(())
}

/// A request that could not be answered: the line says why, and the others are answered all the same.
#[derive(Debug, Serialize)]
struct Unanswered {
    error: String,
}

/// The answer to a request about a file that holds several pods.
#[derive(Debug, Serialize)]
struct Several {
    level: Option<String>,
    version: String,
    allowed: bool,
    pods: Vec<Answer>,
}

fn answer_requests(path: &Path) -> Result<Outcome, CommandError> {
    let fault = |error: &io::Error| CommandError::new(format!("cannot read `{}`: {error}", path.display()));
    let input: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path).map_err(|error| fault(&error))?),
    };
    let mut input = BufReader::with_capacity(1 << 18, input);
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut outcome = Outcome::Clean;
    let mut unanswered = 0usize;
    loop {
        let (lines, ended) = read_batch(&mut input).map_err(|error| fault(&error))?;
        let answers: Vec<(Vec<u8>, Reply)> = lines.par_iter().map(|line| answer(line)).collect();
        for (line, reply) in answers {
            match reply {
                Reply::Allowed => {}
                Reply::Violated => outcome = Outcome::Findings,
                Reply::Unanswered => unanswered += 1,
            }
            out.write_all(&line).map_err(|error| CommandError::output("standard output", &error))?;
        }
        out.flush().map_err(|error| CommandError::output("standard output", &error))?;
        if ended {
            break;
        }
    }
    match unanswered {
        0 => Ok(outcome),
        1 => {
            Err(CommandError::new("1 request could not be answered").hint("its line in the output says why"))
        }
        many => Err(CommandError::new(format!("{many} requests could not be answered"))
            .hint("their lines in the output say why")),
    }
}

#[derive(Clone, Copy)]
enum Reply {
    Allowed,
    Violated,
    Unanswered,
}

/// The next lines, without empty ones, and whether the input has ended. Only what has arrived already is batched: a
/// peer that asks one question at a time gets its answer before the next.
fn read_batch(input: &mut BufReader<Box<dyn Read>>) -> io::Result<(Vec<Vec<u8>>, bool)> {
    let mut lines = Vec::new();
    let mut bytes = 0;
    while lines.len() < BATCH && bytes < MAX_REQUEST as usize {
        if !lines.is_empty() && !input.buffer().contains(&b'\n') {
            break;
        }
        let mut line = Vec::new();
        if input.by_ref().take(MAX_REQUEST).read_until(b'\n', &mut line)? == 0 {
            return Ok((lines, true));
        }
        bytes += line.len();
        if !line.trim_ascii().is_empty() {
            lines.push(line);
        }
    }
    Ok((lines, false))
}

fn answer(line: &[u8]) -> (Vec<u8>, Reply) {
    let mut out = Vec::new();
    let reply = match try_answer(line) {
        Ok(mut answers) if answers.len() == 1 => {
            let answer = answers.remove(0);
            let allowed = answer.allowed.unwrap_or(true) && answer.refused.is_empty();
            write_line(&mut out, &answer).map(|()| if allowed { Reply::Allowed } else { Reply::Violated })
        }
        Ok(pods) => {
            let allowed = pods.iter().all(|pod| pod.allowed.unwrap_or(true) && pod.refused.is_empty());
            let first = &pods[0];
            let several =
                Several { level: first.level.clone(), version: first.version.clone(), allowed, pods };
            write_line(&mut out, &several).map(|()| if allowed { Reply::Allowed } else { Reply::Violated })
        }
        Err(error) => write_line(&mut out, &Unanswered { error }).map(|()| Reply::Unanswered),
    };
    // Writing to memory cannot fail.
    (out, reply.unwrap_or(Reply::Unanswered))
}

/// Answers one request: at least one pod.
fn try_answer(line: &[u8]) -> Result<Vec<Answer>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "the request is not UTF-8".to_owned())?;
    let stream = Stream::read(text);
    if let Some(diagnostic) = stream.diagnostics().first() {
        let at = stream.position(diagnostic.span.start);
        return Err(format!("column {}: {}", at.column, diagnostic.message));
    }
    let request = match stream.documents().next() {
        Some(document) if document.root().is_mapping() => document.root(),
        _ => {
            return Err(
                "a request is a JSON object with `path` or `object`, `level` and `version`".to_owned()
            );
        }
    };
    if let Some((key, _)) =
        request.entries().find(|(key, _)| !matches!(key.text(), "path" | "object" | "level" | "version"))
    {
        return Err(format!(
            "unknown field `{}`: a request has `path` or `object`, `level` and `version`",
            key.text()
        ));
    }
    let text_of = |key| match request.get(key) {
        Some(value) => value.as_str().map(Some).ok_or(format!("`{key}` must be a string")),
        None => Ok(None),
    };
    let level: Option<Level> = match text_of("level")? {
        Some(level) => Some(level.parse().map_err(|_| {
            format!("`{level}` is no level: levels are `privileged`, `baseline` and `restricted`")
        })?),
        None => None,
    };
    let version = text_of("version")?.unwrap_or("latest");
    let version: Version = version
        .parse()
        .map_err(|_| format!("`{version}` is no version: versions are `latest` and `v1.N`"))?;
    let file = match (text_of("path")?, request.get("object")) {
        (Some(path), None) => {
            let path = PathBuf::from(path);
            let bytes =
                read_bounded(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
            SourceFile::new(path.display().to_string(), Stream::read_bytes(bytes))
        }
        (None, Some(object)) => {
            let span = object.span();
            SourceFile::new("-", Stream::read(&stream.text()[span.start as usize..span.end as usize]))
        }
        _ => return Err("a request has either `path` or `object`".to_owned()),
    };
    let files = [file];
    let evidence = Evidence::new(&files);
    if evidence.workloads().is_empty() {
        let why = evidence.diagnostics().first().map(|diagnostic| format!(": {}", diagnostic.message));
        return Err(format!("no pod or pod template was found{}", why.unwrap_or_default()));
    }
    Ok(evidence.workloads().iter().map(|workload| judge(&evidence, workload, level, version)).collect())
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(Options::default().max_file_size).read_to_end(&mut bytes)?;
    Ok(bytes)
}
