//! Bad input gets a diagnostic with its position, and nothing else is lost by it.

use std::fs;
use std::path::Path;

use crate::program::{findings, seaworthy, seaworthy_with, stderr, stdout};

const GOOD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: good, namespace: a}
spec:
  containers:
    - {name: c, image: 'x:1', securityContext: {privileged: true}}
";

/// Scans a folder that holds a good pod with one known finding and whatever else is written into it.
fn scan_with(write: impl FnOnce(&Path)) -> serde_json::Value {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("good.yaml"), GOOD).expect("written");
    write(folder.path());
    let path = folder.path().to_str().expect("UTF-8");
    let output = seaworthy(&["scan", "--select", "pods/privileged", "--format", "json", path]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(
        findings(&report).contains(&"pods/privileged Pod/good c".to_owned()),
        "the finding of the good file is lost: {report:#}"
    );
    report
}

fn diagnostics(report: &serde_json::Value) -> Vec<(u64, u64, String)> {
    let number = |value: &serde_json::Value| value.as_u64().unwrap_or_default();
    let list = report["diagnostics"].as_array().expect("a list of diagnostics");
    list.iter()
        .map(|diagnostic| {
            let message = diagnostic["message"].as_str().unwrap_or_default().to_owned();
            (number(&diagnostic["line"]), number(&diagnostic["column"]), message)
        })
        .collect()
}

#[test]
fn broken_documents_are_diagnosed_where_they_break() {
    let cases: [(&str, u64); 5] = [
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: x\n", 3),
        ("apiVersion: v1\nkind: Pod\nspec:\n\tcontainers: []\n", 4),
        ("apiVersion: v1\nkind: Pod\nkind: Pod\nmetadata: {name: x}\n", 3),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: [1, 2]\n", 4),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - {name: a, ports: [{containerPort: '80'}]}\n",
            6,
        ),
    ];
    for (text, line) in cases {
        let report = scan_with(|folder| fs::write(folder.join("bad.yaml"), text).expect("written"));
        let found = diagnostics(&report);
        assert!(
            found.iter().any(|(at, ..)| at.abs_diff(line) <= 1),
            "{text:?} should be diagnosed near line {line}: {found:?}"
        );
    }
}

#[test]
fn other_documents_of_a_broken_file_are_judged() {
    let report = scan_with(|folder| {
        let text = format!(
            "{}---\napiVersion: v1\nkind: [\n---\n{}",
            GOOD.replace("good", "first"),
            GOOD.replace("good", "third")
        );
        fs::write(folder.join("mixed.yaml"), text).expect("written");
    });
    let found = findings(&report);
    assert!(found.contains(&"pods/privileged Pod/first c".to_owned()), "{found:?}");
    assert!(found.contains(&"pods/privileged Pod/third c".to_owned()), "{found:?}");
    assert_eq!(diagnostics(&report).len(), 1);
}

#[test]
fn a_null_where_a_map_is_due_is_absent() {
    let report = scan_with(|folder| {
        fs::write(folder.join("null.yaml"), "apiVersion: apps/v1\nkind: Deployment\nmetadata:\nspec:\n")
            .expect("written");
    });
    assert!(diagnostics(&report).is_empty(), "{report:#}");
}

#[test]
fn what_is_no_manifest_is_skipped_and_counted() {
    let report = scan_with(|folder| {
        fs::write(folder.join("empty.yaml"), "").expect("written");
        fs::write(folder.join("comment.yaml"), "# nothing\n---\n# here\n").expect("written");
        fs::write(folder.join("compose.yml"), "services: {web: {image: nginx}}\n").expect("written");
        fs::write(folder.join("binary.json"), [0u8, 159, 146, 150, 0, 1]).expect("written");
        fs::write(folder.join("notes.txt"), "apiVersion kind").expect("written");
    });
    assert!(diagnostics(&report).is_empty(), "{report:#}");
    let skipped = report["coverage"].to_string();
    assert!(skipped.contains("no Kubernetes object in it"), "{skipped}");
    assert!(skipped.contains("not text"), "{skipped}");
}

#[test]
fn templates_are_not_evaluated_and_never_clean() {
    let report = scan_with(|folder| {
        let chart = folder.join("chart");
        fs::create_dir_all(chart.join("templates")).expect("made");
        fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: x\nversion: 1.0.0\n").expect("written");
        let template = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  containers:\n  {{- range .Values.x }}\n  - a\n  {{- end }}\n";
        // Neither with helm nor without it.
        let failing = format!("{{{{ fail \"no\" }}}}\n{template}");
        fs::write(chart.join("templates/pod.yaml"), failing).expect("written");
        fs::write(folder.join("other.yaml"), template).expect("written");
    });
    let coverage = report["coverage"].to_string();
    assert!(coverage.contains("Helm chart that was not rendered"), "{coverage}");
    assert!(coverage.contains("has to be rendered first"), "{coverage}");
    assert!(diagnostics(&report).is_empty(), "{report:#}");
}

#[test]
fn deep_nesting_is_refused_without_exhausting_the_stack() {
    for deep in [
        format!("apiVersion: v1\nkind: Pod\nx: {}{}\n", "[".repeat(20_000), "]".repeat(20_000)),
        format!(
            "{{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"x\": {}{}}}",
            "[".repeat(20_000),
            "]".repeat(20_000)
        ),
        format!(
            "apiVersion: v1\nkind: Pod\nx:\n{}",
            (0..11_000).map(|depth| format!("{}-\n", " ".repeat(depth))).collect::<String>()
        ),
    ] {
        let report = scan_with(|folder| fs::write(folder.join("deep.yaml"), &deep).expect("written"));
        assert!(!diagnostics(&report).is_empty());
    }
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = String::from("apiVersion: v1\nkind: ConfigMap\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let previous = level - 1;
        let items = vec![format!("*a{previous}"); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let report = scan_with(|folder| fs::write(folder.join("bomb.yaml"), &bomb).expect("written"));
    assert!(!diagnostics(&report).is_empty());
}

#[test]
fn invalid_utf8_is_diagnosed() {
    let report = scan_with(|folder| {
        fs::write(
            folder.join("latin1.yaml"),
            b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: caf\xe9}\n",
        )
        .expect("written");
    });
    assert_eq!(diagnostics(&report).first().map(|(line, ..)| *line), Some(4));
}

#[cfg(unix)]
#[test]
fn links_in_circles_do_not_hang_the_scan() {
    let report = scan_with(|folder| {
        std::os::unix::fs::symlink(folder, folder.join("again")).expect("linked");
        std::os::unix::fs::symlink("/etc", folder.join("outside")).expect("linked");
        std::os::unix::fs::symlink("nowhere", folder.join("dangling.yaml")).expect("linked");
        std::os::unix::fs::symlink("good.yaml", folder.join("same.yaml")).expect("linked");
    });
    assert_eq!(findings(&report).len(), 1, "the linked file is read once");
}

#[test]
fn ignored_and_hidden_files_are_read_on_demand() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join(".hidden")).expect("made");
    fs::write(folder.path().join(".hidden/a.yaml"), GOOD.replace("good", "hidden")).expect("written");
    fs::write(folder.path().join("b.yaml"), GOOD.replace("good", "ignored")).expect("written");
    fs::write(folder.path().join(".gitignore"), "b.yaml\n").expect("written");
    let path = folder.path().to_str().expect("UTF-8");
    let count = |flags: &[&str]| {
        let output = seaworthy(&[&["scan", "--select", "pods/privileged", "--quiet", path], flags].concat());
        stdout(&output).lines().filter(|line| line.contains("pods/privileged")).count()
    };
    assert_eq!(count(&[]), 0);
    assert_eq!(count(&["--hidden"]), 1);
    assert_eq!(count(&["--no-ignore"]), 1);
    assert_eq!(count(&["--hidden", "--no-ignore"]), 2);
}

#[test]
fn what_is_incomplete_can_be_made_an_error() {
    let broken = "apiVersion: v1\nkind: Pod\nmetadata: {name: x\n";
    let output = seaworthy_with(&["scan", "--require-complete", "-"], broken);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    let output = seaworthy_with(&["scan", "-"], broken);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn large_input_is_refused_by_size_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("large.yaml"), format!("{GOOD}#{}\n", "x".repeat(2000))).expect("written");
    let path = folder.path().to_str().expect("UTF-8");
    let output = seaworthy(&["scan", "--max-file-size", "1000", "--format", "json", path]);
    assert!(stdout(&output).contains("larger than `--max-file-size`"), "{}", stdout(&output));
}
