//! A cluster that is watched: how long it takes to judge one object that changed, and everything.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lab::Lab;
use serde_json::Value;

/// Deployments that change, one after the other.
const CHANGES: usize = 40;

struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        // It never ends by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Watches a cluster that is full of Deployments called `app-0`, changes some, and prints what the program says of its times.
pub(super) fn measure(binary: &Path, lab: &Lab, kubeconfig: &str) -> Result<(), String> {
    let arguments = ["scan", "--cluster", "--watch", "--no-config", "--format", "json", "--qps", "1000"];
    let child = Command::new(binary)
        .args(arguments)
        .args(["--kubeconfig", kubeconfig])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    let mut child = Watching(child);
    let out = BufReader::new(child.0.stdout.take().ok_or("no output")?);
    let mut lines = out.lines();
    let mut judged = || -> Result<(u64, Duration), String> {
        loop {
            let line = lines.next().ok_or("the watch ended")?.map_err(|error| error.to_string())?;
            let line: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
            if line["event"] == "judged" {
                let micros = line["micros"].as_u64().unwrap_or_default();
                return Ok((line["texts"].as_u64().unwrap_or_default(), Duration::from_micros(micros)));
            }
        }
    };
    let (texts, _) = judged()?;
    let (mut one, mut all) = (Vec::new(), Vec::new());
    for change in 0..CHANGES {
        let path = format!("/apis/apps/v1/namespaces/team-{change:04}/deployments/app-0");
        let patch = r#"{"spec": {"template": {"spec": {"containers": [{"name": "app", "tty": true}]}}}}"#;
        let answer =
            lab.send("admin", "PATCH", &path, Some(("application/strategic-merge-patch+json", patch)));
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status != 200 {
            return Err(format!("{path}: {}", answer.status));
        }
        // First the object alone, then everything when changes pause.
        loop {
            match judged()? {
                (1, took) => one.push(took),
                (_, took) => {
                    all.push(took);
                    break;
                }
            }
        }
    }
    println!("\n| watching {texts} texts | median | 95 of 100 | longest |\n|---|---:|---:|---:|");
    for (what, mut times) in [("one changed Deployment", one), ("everything", all)] {
        times.sort_unstable();
        let last = times.len().checked_sub(1).ok_or("nothing was judged")?;
        let at = |share: usize| times[last * share / 100].as_secs_f64() * 1e3;
        println!("| {what} | {:.1} ms | {:.1} ms | {:.1} ms |", at(50), at(95), at(100));
    }
    Ok(())
}
