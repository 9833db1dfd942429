//! One runner for the cases of all controls.

use seaworthy_controls::{Case, Control, Expectation, Page, Settings, Status, catalogue, evaluate};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, Severity, SourceFile, configuration, embedded_files};

#[test]
fn every_case_of_every_control_comes_out_as_its_page_says() {
    let mut failures = Vec::new();
    let mut run = 0;
    for control in catalogue::all() {
        let page = Page::parse(control.page).unwrap_or_else(|error| panic!("{}: {error}", control.id));
        for case in &page.cases {
            run += 1;
            if let Err(error) = check(control, case) {
                failures.push(format!("{} line {} ({}): {error}", control.id, case.line, case.title));
            }
        }
    }
    println!("{run} cases run, {} failed", failures.len());
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(run > 0);
}

fn check(control: &'static Control, case: &Case) -> Result<(), String> {
    let mut settings = Settings::default();
    let mut count = None;
    let mut severity = None;
    let mut at = None;
    let (mut excepted, mut refused) = (false, false);
    for &(key, value) in &case.options {
        match key {
            "count" => count = Some(value.parse::<usize>().map_err(|error| format!("count: {error}"))?),
            "severity" => severity = Some(value),
            "at" => at = Some(value),
            "excepted" => excepted = true,
            "refused" => refused = true,
            "file" => {}
            "kubernetes" => settings.version = value.parse().map_err(|error| format!("{error}"))?,
            name => settings.parameters.set(name, value).map_err(|error| error.to_string())?,
        }
    }
    let files = files(case);
    let evidence = Evidence::new(&files);
    let errors = evidence.diagnostics().iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let errors: Vec<_> = errors.map(|diagnostic| diagnostic.message.as_str()).collect();
    if errors.is_empty() == refused {
        return Err(format!(
            "expected{} to be refused, but the diagnostics are {errors:?}",
            if refused { "" } else { " nothing" }
        ));
    }
    let assessment = evaluate(&[control], &evidence, &settings);
    let [result] = assessment.controls.as_slice() else { return Err("not evaluated".to_owned()) };
    let described: Vec<String> = assessment
        .findings
        .iter()
        .map(|finding| format!("{} at {}", finding.message, finding.place.path()))
        .collect();
    let expected = match case.expect {
        Expectation::Finding if excepted => Status::Excepted,
        Expectation::Finding => Status::Open,
        Expectation::Ok => Status::Done,
        Expectation::Unknown => Status::Unknown,
        Expectation::None => Status::NotApplicable,
    };
    let status = result.counts.status();
    if status != expected {
        let reasons: Vec<_> = assessment.unknown.iter().map(|unknown| &unknown.reason).collect();
        return Err(format!(
            "is {status:?}, not {expected:?}; findings: {described:?}; unknown: {reasons:?}"
        ));
    }
    if let Some(count) = count
        && assessment.findings.len() != count
    {
        return Err(format!("{} findings instead of {count}: {described:?}", assessment.findings.len()));
    }
    if let Some(severity) = severity {
        let worst =
            assessment.findings.iter().map(|finding| finding.severity).max().map(|worst| worst.name());
        if worst != Some(severity) {
            return Err(format!("the worst severity is {worst:?}, not {severity}"));
        }
    }
    if let Some(at) = at
        && assessment.findings.first().map(|finding| finding.place.path()).as_deref() != Some(at)
    {
        return Err(format!("the first finding is not at {at}: {described:?}"));
    }
    Ok(())
}

/// The files of a case, read as the program reads them.
fn files(case: &Case) -> Vec<SourceFile> {
    let named = case.options.iter().find(|(key, _)| *key == "file").map(|(_, name)| *name);
    let mut name = named.unwrap_or(if case.is_toml { "case.toml" } else { "case.yaml" });
    let mut texts = vec![(name, String::new())];
    for line in case.yaml.split_inclusive('\n') {
        if let Some(next) = line.strip_prefix("# file: ") {
            name = next.trim();
            texts.push((name, String::new()));
        } else if let Some((_, text)) = texts.last_mut() {
            text.push_str(line);
        }
    }
    let mut files = Vec::new();
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
        let toml = configuration::is_toml(name);
        let file = SourceFile::new(name, if toml { Stream::read_toml(text) } else { Stream::read(text) });
        let embedded = embedded_files(&file);
        files.push(file);
        files.extend(embedded);
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}
