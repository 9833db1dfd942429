//! Commands other than `scan`, and what all commands have in common.

use std::process::Stdio;

use crate::program::{command, seaworthy, seaworthy_with, stderr, stdout};

#[test]
fn explain_answers_to_the_names_that_others_use() {
    let own = seaworthy(&["explain", "pods/privileged"]);
    assert_eq!(own.status.code(), Some(0));
    assert!(stdout(&own).contains("No container runs privileged"));
    for name in ["CKV_K8S_16", "kubescape:C-0057", "KSV-0017", "privileged-container"] {
        assert_eq!(stdout(&seaworthy(&["explain", name])), stdout(&own), "{name}");
    }
}

#[test]
fn a_misspelt_control_is_answered_with_the_nearest() {
    let output = seaworthy(&["explain", "pods/privilged"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `pods/privileged`?"), "{}", stderr(&output));
    let output = seaworthy(&["scan", "--select", "secrts", "examples"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`secrets`"), "{}", stderr(&output));
}

#[test]
fn controls_are_listed_as_table_json_and_ids() {
    let ids = stdout(&seaworthy(&["controls", "--format", "ids", "--select", "pss:baseline"]));
    assert_eq!(ids.lines().count(), 12);
    let json = seaworthy(&["controls", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let controls = json["controls"].as_array().expect("a list");
    assert!(controls.iter().any(|control| control["id"] == "secrets/in-config-maps"));
    assert!(stdout(&seaworthy(&["controls"])).contains("pods/privileged"));
}

/// Rows that nothing here evaluates yet: only the events of a sensor decide them. `docs/catalogue.md` says so as well.
const NOT_EVALUATED: &[&str] = &["detection/runtime-rules"];

/// The table of controls lies beside the data.
#[test]
fn every_row_of_the_catalogue_is_evaluated_or_said_not_to_be() {
    let demo = match oracle_client::data("demo") {
        Ok(demo) => demo,
        Err(skip) => return skip.announce(),
    };
    let table = demo.join("../../reference/controls.tsv");
    let Ok(table) = std::fs::read_to_string(&table) else {
        return println!("skipped: there is no {}", table.display());
    };
    let listed: serde_json::Value =
        serde_json::from_slice(&seaworthy(&["controls", "--format", "json"]).stdout).expect("JSON");
    let controls = listed["controls"].as_array().expect("a list");
    let scopes = |id: &str| -> Option<Vec<&str>> {
        let control = controls.iter().find(|control| control["id"] == id)?;
        Some(control["scopes"].as_array()?.iter().filter_map(|scope| scope.as_str()).collect())
    };
    let mut rows = 0;
    let mut wrong = Vec::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (id, named) = (columns[0], columns[4]);
        rows += 1;
        match scopes(id) {
            Some(scopes) => {
                let missing = named.split(',').filter(|scope| !scopes.contains(scope));
                wrong.extend(missing.map(|scope| format!("{id} is not evaluated on {scope}")));
            }
            None if NOT_EVALUATED.contains(&id) && named == "runtime" => {}
            None => wrong.push(format!("{id} is no control")),
        }
    }
    assert!(rows >= 204 && wrong.is_empty(), "of {rows} rows: {wrong:#?}");
    let told = include_str!("../../../../docs/catalogue.md");
    for id in NOT_EVALUATED {
        assert!(
            told.contains(&format!("| `{id}` |")),
            "docs/catalogue.md does not say why `{id}` is not evaluated"
        );
    }
}

#[test]
fn completions_and_manual_pages_come_from_the_same_source() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(stdout(&seaworthy(&["completions", shell])).contains("evaluate"), "{shell}");
    }
    assert!(stdout(&seaworthy(&["man"])).contains(".TH seaworthy"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    assert_eq!(seaworthy(&["man", "--output", path]).status.code(), Some(0));
    assert!(folder.path().join("seaworthy-scan.1").exists());
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_to_do() {
    for (arguments, expected) in [
        (&["scan"][..], "PATH"),
        (&["scan", "--output", "report.sarif", "examples"], "`FORMAT=FILE`"),
        (&["scan", "--format", "jsn", "examples"], "json"),
        (&["scan", "--fail-on", "sometimes", "examples"], "`never`"),
        (&["scan", "--set", "images.registry=x", "examples"], "did you mean `images.registries`?"),
        (&["scan", "--kubernetes-version", "two", "examples"], "`v1.33`"),
        (&["scan", "does/not/exist"], "does/not/exist"),
        (&["pods", "evaluate", "--version", "9", "examples"], "`v1.29`"),
    ] {
        let output = seaworthy(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_threshold_decides_the_exit_code() {
    let code = |threshold: &str, input: &str| {
        seaworthy_with(&["scan", "--fail-on", threshold, "--select", "pods/host-aliases", "-"], input)
            .status
            .code()
    };
    let low = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b}\nspec:\n  hostAliases: [{ip: 10.0.0.1, hostnames: [x]}]\n  containers: [{name: c, image: d}]\n";
    assert_eq!(code("low", low), Some(1));
    assert_eq!(code("critical", low), Some(0));
    assert_eq!(code("next-step", low), Some(1));
    assert_eq!(code("quick-win", low), Some(0));
    assert_eq!(code("never", low), Some(0));
}

#[test]
fn several_reports_are_written_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (sarif, html, json) = (path("a.sarif"), path("b.html"), path("c.json"));
    let output = seaworthy(&[
        "scan",
        "--output",
        &format!("sarif={sarif}"),
        "--output",
        &format!("html={html}"),
        "--output",
        &format!("json={json}"),
        "examples",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stdout.is_empty(), "the terminal report is printed as well");
    for (file, start) in [(sarif, "{"), (html, "<!"), (json, "{")] {
        let text = std::fs::read_to_string(&file).expect("written");
        assert!(text.trim_start().to_lowercase().starts_with(start), "{file}");
    }
}

#[test]
fn colours_are_for_terminals_or_on_demand() {
    assert!(!stdout(&seaworthy(&["scan", "examples"])).contains('\u{1b}'));
    assert!(stdout(&seaworthy(&["--color", "always", "scan", "examples"])).contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = command(&["scan", "--all", "examples"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(stderr(&output), "");
    assert!(output.status.code().is_some(), "killed by a signal");
}

#[test]
fn two_runs_and_any_number_of_threads_give_the_same_bytes() {
    let run = |threads: &str| {
        let output = command(&["scan", "--format", "json", "examples"])
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .expect("the program runs");
        output.stdout
    };
    let first = run("1");
    assert_eq!(first, run("1"));
    assert_eq!(first, run("7"));
}
