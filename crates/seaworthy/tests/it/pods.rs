//! `seaworthy pods evaluate`.

use std::path::PathBuf;

use crate::program::{seaworthy, seaworthy_with, stderr, stdout};

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n"},"spec":{"containers":[{"name":"c","image":"i","securityContext":{"privileged":true}}]}}"#;

fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON on every line")).collect()
}

/// The text is that of the upstream test tables (`policy/check_privileged_test.go`).
#[test]
fn a_line_per_pod_with_the_words_of_the_api_server() {
    let output = seaworthy_with(&["pods", "evaluate", "--level", "baseline", "--format", "jsonl", "-"], POD);
    assert_eq!(output.status.code(), Some(1));
    let answers = lines(&stdout(&output));
    let expected = serde_json::json!({
        "file": "-", "document": 0, "kind": "Pod", "namespace": "n", "name": "a",
        "level": "baseline", "version": "latest", "allowed": false, "highest": "privileged",
        "failed": [{
            "check": "privileged",
            "reason": "privileged",
            "detail": "container \"c\" must not set securityContext.privileged=true",
        }],
    });
    assert_eq!(answers, [expected]);
}

#[test]
fn without_a_level_the_highest_is_told() {
    let output = seaworthy(&["pods", "evaluate", "examples/shop-hardened"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).lines().all(|line| line.ends_with("meets restricted")), "{}", stdout(&output));
}

#[test]
fn a_pod_that_the_api_would_refuse_is_not_passed() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: c, securityContext: {privileged: 'no'}}\n";
    let output =
        seaworthy_with(&["pods", "evaluate", "--level", "privileged", "--format", "jsonl", "-"], pod);
    assert_eq!(output.status.code(), Some(1));
    let answer = &lines(&stdout(&output))[0];
    assert_eq!(answer["allowed"], false);
    assert_eq!(answer["highest"], serde_json::Value::Null);
    assert_eq!(answer["refused"][0]["line"], 6);
    assert!(
        answer["refused"][0]["message"].as_str().is_some_and(|message| message.contains("privileged")),
        "{answer}"
    );
}

#[test]
fn requests_are_answered_in_order_and_bad_ones_do_not_stop_the_rest() {
    let good = format!(r#"{{"object":{POD},"level":"privileged","version":"v1.20"}}"#);
    let bad = format!(r#"{{"object":{POD},"level":"restricted"}}"#);
    let requests =
        [good.as_str(), r#"{"object":1}"#, "no json", &bad, r#"{"level":"x"}"#, "", &good].join("\n");
    let output = seaworthy_with(&["pods", "evaluate", "--requests", "-"], requests);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let answers = lines(&stdout(&output));
    assert_eq!(answers.len(), 6);
    let allowed: Vec<_> = answers.iter().map(|answer| answer["allowed"].as_bool()).collect();
    assert_eq!(allowed, [Some(true), None, None, Some(false), None, Some(true)]);
    assert!(
        answers.iter().zip(allowed).all(|(answer, allowed)| allowed.is_some() != answer["error"].is_string())
    );
}

/// Expected verdicts are those of the fixtures' folders, from the Go module k8s.io/pod-security-admission.
#[test]
fn upstream_fixtures_get_the_verdict_of_their_folder() {
    let Some(folder) = data("pod-security-v1.29") else { return };
    let cases = std::fs::read_to_string(folder.join("CASES.txt")).expect("the list of cases");
    let (mut requests, mut expected) = (String::new(), Vec::new());
    for case in cases.lines().skip(1) {
        let fields: Vec<&str> = case.split('\t').collect();
        let [file, level, expect, _] = fields.as_slice() else { panic!("{case}") };
        let path = folder.join(file);
        requests.push_str(&serde_json::json!({"path": path, "level": level, "version": "v1.29"}).to_string());
        requests.push('\n');
        expected.push((file.to_string(), *expect == "pass"));
    }
    let output = seaworthy_with(&["pods", "evaluate", "--requests", "-"], requests);
    let answers = lines(&stdout(&output));
    assert_eq!(answers.len(), expected.len());
    let wrong: Vec<_> = answers
        .iter()
        .zip(&expected)
        .filter(|(answer, (_, allowed))| answer["allowed"] != *allowed)
        .map(|(_, (file, _))| file)
        .collect();
    println!("{} cases, {} disagree", expected.len(), wrong.len());
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// A folder of the test data, or `None` after saying why the test is skipped.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    match oracle_client::data(name) {
        Ok(folder) => Some(folder),
        Err(skip) => {
            println!("skipped: {skip}");
            None
        }
    }
}
