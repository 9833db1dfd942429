//! Everything that `prove` tries by reading alone, on both profiles of the lab: how long it takes, beside what the same number of
//! the plainest requests takes on the same server, and the time that the bound on requests leaves.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lab::{Lab, Profile};
use serde_json::Value;

const RUNS: usize = 5;
/// The usual bound on requests in a second: `--probe-qps`.
const PER_SECOND: f64 = 250.0;

pub(super) fn measure(binary: &Path) -> Result<(), String> {
    println!(
        "| lab | attempts | requests | median | longest | the bound on requests alone | as many `/version` |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (name, profile) in [("insecure", Profile::insecure()), ("hardened", Profile::hardened())] {
        let profile = profile.with_controllers().with_application();
        let lab = Lab::try_start(&profile).map_err(|error| error.to_string())?;
        let mut reports = (0..RUNS).map(|_| prove(binary, &lab)).collect::<Result<Vec<_>, _>>()?;
        let seconds = |report: &Value| report["proving"]["seconds"].as_f64().unwrap_or(f64::NAN);
        reports.sort_by(|one, other| seconds(one).total_cmp(&seconds(other)));
        let median = &reports[RUNS / 2];
        let requests = median["proving"]["requests"].as_u64().ok_or("no number of requests")?;
        println!(
            "| {name} | {} | {requests} | {:.2} s | {:.2} s | {:.2} s | {:.2} s |",
            median["proofs"].as_array().map_or(0, Vec::len),
            seconds(median),
            seconds(&reports[RUNS - 1]),
            requests as f64 / PER_SECOND,
            plain(&lab, requests)?.as_secs_f64(),
        );
    }
    Ok(())
}

fn prove(binary: &Path, lab: &Lab) -> Result<Value, String> {
    let mut command = Command::new(binary);
    command.args(["prove", "--no-config", "--no-progress", "--fail-on", "never", "--format", "json"]);
    let output = command.arg("--kubeconfig").arg(lab.kubeconfig("admin")).output();
    let output = output.map_err(|error| format!("{}: {error}", binary.display()))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// So many requests, one after the other on one connection.
fn plain(lab: &Lab, requests: u64) -> Result<Duration, String> {
    let started = Instant::now();
    for _ in 0..requests {
        lab.request("admin", "GET", "/version").map_err(|error| error.to_string())?;
    }
    Ok(started.elapsed())
}
