//! The YAML test suite, read in the dialect of Kubernetes: its `yaml` inputs, with kubectl's code as the judge.
//! Its own expectations are those of YAML 1.2 and are only counted.

use seaworthy_document::{Stream, Value};

use crate::inputs::{self, Input};
use crate::kubectl;

struct Case {
    name: String,
    yaml: String,
    json: Option<String>,
    fail: bool,
}

/// The escapes by which the suite makes white space visible.
fn unescape(text: &str) -> String {
    let mut text = text.replace('␣', " ").replace('←', "\r").replace('⇔', "\u{feff}").replace('↵', "");
    for dashes in ["———", "——", "—", ""] {
        text = text.replace(&format!("{dashes}»"), "\t");
    }
    match text.strip_suffix("∎\n") {
        Some(text) => text.to_owned(),
        None => text,
    }
}

fn cases(file: &Input) -> Vec<Case> {
    let stream = Stream::read_bytes(file.bytes.as_slice());
    assert!(
        stream.diagnostics().iter().all(|diagnostic| !diagnostic.broken),
        "{}: {:?}",
        file.name,
        stream.diagnostics()
    );
    let Some(document) = stream.documents().next() else { return Vec::new() };
    let mut yaml = String::new();
    let mut json = None;
    let text = |case: Value<'_>, key: &str| case.get(key).map(|value| unescape(value.text()));
    let mut cases = Vec::new();
    for (index, case) in document.root().items().enumerate() {
        // What is absent is that of the case before.
        yaml = text(case, "yaml").unwrap_or(yaml);
        json = text(case, "json").or(json);
        let fail = case.get("fail").and_then(|fail| fail.as_bool()).unwrap_or(false);
        if case.get("skip").is_none() {
            let json = json.clone().filter(|_| !fail);
            cases.push(Case { name: format!("{}-{index}", file.name), yaml: yaml.clone(), json, fail });
        }
    }
    cases
}

#[test]
fn the_test_suite_is_read_as_kubectl_reads_it() {
    let files = match inputs::files("yaml-test-suite/src") {
        Ok(files) => files,
        Err(skip) => return skip.announce(),
    };
    let cases: Vec<Case> = files.iter().flat_map(cases).collect();
    assert!(cases.len() > 390, "the suite has 406 cases, found {}", cases.len());

    let (mut equal, mut with_json, mut rejected, mut to_reject) = (0, 0, 0, 0);
    for case in &cases {
        let stream = Stream::read(case.yaml.as_str());
        let broken = stream.diagnostics().iter().any(|diagnostic| diagnostic.broken);
        if case.fail {
            to_reject += 1;
            rejected += usize::from(broken);
        } else if let Some(json) = &case.json {
            with_json += 1;
            let expected: Result<Vec<serde_json::Value>, _> =
                serde_json::Deserializer::from_str(json).into_iter().collect();
            let values = stream.documents().map(|document| {
                let mut json = String::new();
                document.root().write_json(&mut json).unwrap();
                serde_json::from_str::<serde_json::Value>(&json).unwrap()
            });
            equal +=
                usize::from(!broken && expected.is_ok_and(|expected| expected == values.collect::<Vec<_>>()));
        }
    }
    println!(
        "YAML 1.2 expectations: {equal} of {with_json} JSON values equal, {rejected} of {to_reject} errors rejected"
    );
    let inputs: Vec<Input> =
        cases.into_iter().map(|case| Input { name: case.name, bytes: case.yaml.into_bytes() }).collect();
    kubectl::check("yaml-test-suite", &inputs);
}
