//! The language server: how long an editor waits after a keystroke.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::corpus::manifests;

/// Opens one file of a folder, types into it and prints how long the diagnostics of each state took.
pub(super) fn measure(binary: &Path, folder: &Path, changes: usize) -> Result<(), String> {
    let files = manifests(folder);
    let file = files.get(files.len() / 2).ok_or("no files to edit")?;
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut server = Server::start(binary)?;
    let uri = |path: &Path| format!("file://{}", path.display());
    let start = Instant::now();
    server.send(&json!({"id": 1, "method": "initialize", "params": {
        "processId": null, "rootUri": uri(folder), "capabilities": {}}}))?;
    server.until(|message| message["id"] == 1)?;
    server.send(&json!({"method": "initialized", "params": {}}))?;
    let document = json!({"uri": uri(file), "languageId": "yaml", "version": 0, "text": text});
    server.send(&json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}))?;
    server.until(|message| message["params"]["version"] == 0)?;
    let ready = start.elapsed();

    let mut waits: Vec<Duration> = Vec::with_capacity(changes);
    for version in 1..=changes {
        // A label comes and goes at the end of the first line that names something.
        let change = match version % 2 {
            1 => json!({"text": format!("{text}\n# typed\n")}),
            _ => json!({ "text": text }),
        };
        let document = json!({"uri": uri(file), "version": version});
        let start = Instant::now();
        server.send(&json!({"method": "textDocument/didChange", "params": {
            "textDocument": document, "contentChanges": [change]}}))?;
        server.until(|message| message["params"]["version"] == version)?;
        waits.push(start.elapsed());
    }
    server.send(&json!({"id": 2, "method": "shutdown"}))?;
    server.until(|message| message["id"] == 2)?;
    server.send(&json!({"method": "exit"}))?;
    server.end()?;

    waits.sort_unstable();
    let at = |share: usize| waits[(waits.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!("| files | until the first diagnostics | changes | median | 95 of 100 | longest |");
    println!("|---:|---:|---:|---:|---:|---:|");
    println!(
        "| {} | {:.0} ms | {changes} | {:.1} ms | {:.1} ms | {:.1} ms |",
        files.len(),
        ready.as_secs_f64() * 1e3,
        at(50),
        at(95),
        at(100)
    );
    Ok(())
}

/// A server and the two ends of its pipes.
struct Server {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Server {
    fn start(binary: &Path) -> Result<Server, String> {
        let mut process = Command::new(binary)
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        let input = process.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        Ok(Server { process, input, output })
    }

    fn send(&mut self, message: &Value) -> Result<(), String> {
        let mut message = message.clone();
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())
            .and_then(|()| self.input.flush())
            .map_err(|error| format!("the language server does not listen: {error}"))
    }

    /// Reads messages until one is the one that is waited for.
    fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Result<(), String> {
        loop {
            let message = self.read().map_err(|error| format!("the language server: {error}"))?;
            if is_it(&message) {
                return Ok(());
            }
        }
    }

    fn read(&mut self) -> std::io::Result<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap_or_default(),
                Some(_) => {}
                None => break,
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text)?;
        Ok(serde_json::from_slice(&text)?)
    }

    fn end(mut self) -> Result<(), String> {
        drop(self.input);
        let status = self.process.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("the language server: {status}")) }
    }
}
