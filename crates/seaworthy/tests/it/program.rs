//! Running the program.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The workspace's root, where people run the program.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Runs the program in the workspace's root.
pub(crate) fn seaworthy(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program runs")
}

/// Runs the program with text on standard input.
pub(crate) fn seaworthy_with(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.as_ref().to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the program ends");
    // The program may end before it has read everything.
    let _ = writer.join().expect("no panic");
    output
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
    command.args(arguments).current_dir(root());
    for variable in
        ["SEAWORTHY_FORMAT", "SEAWORTHY_SELECT", "SEAWORTHY_IGNORE", "SEAWORTHY_FAIL_ON", "NO_COLOR"]
    {
        command.env_remove(variable);
    }
    command
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8 on standard output")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8 on standard error")
}

/// The JSON report of a scan.
pub(crate) fn report(arguments: &[&str]) -> serde_json::Value {
    let output = seaworthy(&[&["scan", "--format", "json"], arguments].concat());
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

/// The findings of a report as `control subject-kind/name container`.
pub(crate) fn findings(report: &serde_json::Value) -> Vec<String> {
    let list = report["findings"].as_array().expect("a list of findings");
    list.iter()
        .filter(|finding| finding["exception"].is_null())
        .map(|finding| {
            let subject = &finding["subject"];
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            format!(
                "{} {}/{} {}",
                text(&finding["control"]),
                text(&subject["kind"]),
                text(&subject["name"]),
                text(&subject["container"])
            )
            .trim_end()
            .to_owned()
        })
        .collect()
}
