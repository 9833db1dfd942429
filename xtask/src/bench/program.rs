//! The whole program: time and memory of a scan.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::corpus::manifests;

/// What one run took.
pub(super) struct Run {
    pub(super) wall: Duration,
    pub(super) cpu: Duration,
    pub(super) peak_kib: u64,
}

pub(super) fn measure(binary: &Path, label: &str, folder: &Path, runs: usize) -> Result<(), String> {
    once(binary, folder)?;
    let mut results: Vec<Run> = (0..runs).map(|_| once(binary, folder)).collect::<Result<_, _>>()?;
    let paths = manifests(folder);
    let bytes: u64 =
        paths.iter().filter_map(|path| fs::metadata(path).ok()).map(|metadata| metadata.len()).sum();
    results.sort_by_key(|run| run.cpu);
    let cpu = results[runs / 2].cpu;
    let peak = results.iter().map(|run| run.peak_kib).max().unwrap_or_default();
    results.sort_by_key(|run| run.wall);
    println!(
        "| {label} | {} | {:.1} | {runs} | {:.1} ms | {:.1} ms | {:.1} ms | {:.1} MB |",
        paths.len(),
        bytes as f64 / 1e6,
        results[runs / 2].wall.as_secs_f64() * 1e3,
        results[0].wall.as_secs_f64() * 1e3,
        cpu.as_secs_f64() * 1e3,
        peak as f64 * 1024.0 / 1e6,
    );
    Ok(())
}

/// One scan to JSON.
fn once(binary: &Path, folder: &Path) -> Result<Run, String> {
    let folder = folder.to_str().ok_or("a folder that is no text")?;
    run(binary, &["scan", "--format", "json", "--fail-on", "never", folder])
}

/// One run of the program. Memory is the kernel's high-water mark, read while the process runs; CPU is what the kernel
/// accounts to finished children.
pub(super) fn run(binary: &Path, arguments: &[&str]) -> Result<Run, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", binary.display());
    let before = children_cpu();
    let start = Instant::now();
    let mut child = Command::new(binary).args(arguments).stdout(Stdio::null()).spawn().map_err(fault)?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let status = loop {
        if let Some(peak) = fs::read_to_string(&status_file).ok().as_deref().and_then(high_water) {
            peak_kib = peak;
        }
        if let Some(status) = child.try_wait().map_err(fault)? {
            break status;
        }
        std::thread::sleep(Duration::from_micros(500));
    };
    let wall = start.elapsed();
    if !status.success() {
        return Err(format!("{} {}: {status}", binary.display(), arguments.join(" ")));
    }
    Ok(Run { wall, cpu: children_cpu().saturating_sub(before), peak_kib })
}

fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// User and system time of finished children, from `/proc/self/stat` (fields 16 and 17, in hundredths of a second).
fn children_cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks: u64 = fields.split(' ').skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
