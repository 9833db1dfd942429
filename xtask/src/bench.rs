//! `cargo xtask bench`: whole-program measurements on replicated real manifests, then the benchmarks of the crates.
//!
//! Nothing here is a test: machines differ, and a number is worth something beside the machine it was taken on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Benchmarks of single crates, as package and name.
const CRATE_BENCHES: &[(&str, &str)] = &[
    ("seaworthy-document", "reader"),
    ("seaworthy-podsecurity", "evaluate"),
    ("seaworthy-schema", "refusals"),
    ("seaworthy", "phases"),
];

/// Size of the large set, in files and bytes.
const FILES: usize = 10_000;
const BYTES: u64 = 39_000_000;

pub(crate) fn run(root: &Path, filter: Option<&str>) -> crate::Result {
    let wanted = |name: &str| filter.is_none_or(|filter| name.contains(filter));
    if wanted("program") {
        program(root).map_err(|problem| vec![problem])?;
    }
    for (package, bench) in CRATE_BENCHES.iter().filter(|(package, bench)| wanted(package) || wanted(bench)) {
        println!("\n## {package}: {bench}\n");
        cargo(root, &["bench", "--quiet", "--profile", "dist", "--package", package, "--bench", bench])?;
    }
    Ok(())
}

fn cargo(root: &Path, arguments: &[&str]) -> crate::Result {
    let status = Command::new("cargo").args(arguments).current_dir(root).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(vec![format!("cargo {}: {status}", arguments.join(" "))]),
        Err(error) => Err(vec![format!("cargo: {error}")]),
    }
}

fn program(root: &Path) -> Result<(), String> {
    cargo(root, &["build", "--quiet", "--profile", "dist", "--package", "seaworthy"])
        .map_err(|problems| problems.join("\n"))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let binary = target.join("dist/seaworthy");
    println!("## whole program (`dist` profile, {})\n", machine());
    println!("| input | files | MB | runs | wall, median | wall, least | CPU, median | peak memory |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    measure(&binary, "examples/shop-insecure", &root.join("examples/shop-insecure"), 30)?;
    let Some(sample) = sample_folder(root)? else { return Ok(()) };
    let bench = target.join("bench");
    for share in [10, 2, 1] {
        let folder = bench.join(format!("manifests-{}", FILES / share));
        replicate(&sample, &folder, FILES / share, BYTES / share as u64)?;
        measure(&binary, &format!("replicated sample500, 1/{share}"), &folder, 7)?;
    }
    Ok(())
}

/// `sample500` below `SEAWORTHY_DATA`, else below `../shared/data`.
fn sample_folder(root: &Path) -> Result<Option<PathBuf>, String> {
    if let Some(data) = std::env::var_os("SEAWORTHY_DATA") {
        let folder = Path::new(&data).join("sample500");
        return if folder.is_dir() {
            Ok(Some(folder))
        } else {
            Err(format!("{} is no folder", folder.display()))
        };
    }
    let folder = root.join("../shared/data/sample500");
    if !folder.is_dir() {
        println!("\nthe large sets are left out: {} does not exist (set SEAWORTHY_DATA)", folder.display());
        return Ok(None);
    }
    Ok(Some(folder))
}

/// Writes `files` files of `bytes` bytes together: the sample's files in turn, with further ones appended as documents
/// until the size is reached, and every object renamed by the number of its copy.
fn replicate(sample: &Path, folder: &Path, files: usize, bytes: u64) -> Result<(), String> {
    if folder.join(".complete").exists() {
        return Ok(());
    }
    let fault = |path: &Path, error: &std::io::Error| format!("{}: {error}", path.display());
    let mut texts = Vec::new();
    for path in manifests(sample) {
        let text = fs::read_to_string(&path).map_err(|error| fault(&path, &error))?;
        let json = path.extension().is_some_and(|ending| ending == "json");
        texts.push((text, json));
    }
    if texts.is_empty() {
        return Err(format!("{} holds no manifests", sample.display()));
    }
    let _ = fs::remove_dir_all(folder);
    let mut written = 0;
    let mut next = 0;
    for number in 0..files {
        let due = bytes * (number as u64 + 1) / files as u64;
        let (first, json) = &texts[number % texts.len()];
        let mut text = rename(first, number);
        while !json && written + (text.len() as u64) < due {
            let (more, json) = &texts[next % texts.len()];
            next += 1;
            // Small pieces only, so that files stay of the size that people write.
            if !json && more.len() < 4096 {
                text.push_str("\n---\n");
                text.push_str(&rename(more, number * 1000 + next % 1000));
            }
        }
        written += text.len() as u64;
        let path = folder
            .join(format!("{:03}", number / 100))
            .join(format!("{number:05}.{}", if *json { "json" } else { "yaml" }));
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| fault(parent, &error))?;
        fs::write(&path, text).map_err(|error| fault(&path, &error))?;
    }
    fs::write(folder.join(".complete"), "").map_err(|error| fault(folder, &error))
}

/// Every `name:` directly below `metadata:` gets a number.
fn rename(text: &str, number: usize) -> String {
    let mut renamed = String::with_capacity(text.len() + 64);
    let mut in_metadata = false;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if line.starts_with("metadata:") {
            in_metadata = true;
        } else if !line.starts_with(' ') && !trimmed.is_empty() {
            in_metadata = false;
        }
        let plain = line.trim_end().bytes().last().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if in_metadata && line.starts_with("  name: ") && plain {
            renamed.push_str(line.trim_end());
            renamed.push_str(&format!("-{number}\n"));
        } else {
            renamed.push_str(line);
        }
    }
    renamed
}

fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(manifests(&path));
        } else if path
            .extension()
            .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

struct Run {
    wall: Duration,
    cpu: Duration,
    peak_kib: u64,
}

fn measure(binary: &Path, label: &str, folder: &Path, runs: usize) -> Result<(), String> {
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

/// One scan to JSON. Memory is the kernel's high-water mark, read while the process runs; CPU is what the kernel
/// accounts to finished children.
fn once(binary: &Path, folder: &Path) -> Result<Run, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", binary.display());
    let before = children_cpu();
    let start = Instant::now();
    let mut child = Command::new(binary)
        .args(["scan", "--format", "json", "--fail-on", "never"])
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()
        .map_err(fault)?;
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
        return Err(format!("{} scan {}: {status}", binary.display(), folder.display()));
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

fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores of {model}")
}
