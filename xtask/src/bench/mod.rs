//! `cargo xtask bench`: whole-program measurements on replicated real manifests, then the benchmarks of the crates.
//!
//! Nothing here is a test: machines differ, and a number is worth something beside the machine it was taken on.

mod cluster;
mod corpus;
mod editor;
mod program;
mod proofs;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use corpus::{replicate, sample_folder};
use program::measure;

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
    // They take minutes and a lab: only when asked for.
    match filter {
        Some("cluster") => return live(root).map_err(|problem| vec![problem]),
        Some("proofs") => return proven(root).map_err(|problem| vec![problem]),
        _ => {}
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

/// The program that `SEAWORTHY_BINARY` names, or one that is built as it is shipped.
fn binary(root: &Path) -> Result<PathBuf, String> {
    match std::env::var_os("SEAWORTHY_BINARY") {
        Some(binary) => Ok(PathBuf::from(binary)),
        None => built(root),
    }
}

/// Everything that `prove` tries by reading alone.
fn proven(root: &Path) -> Result<(), String> {
    let binary = binary(root)?;
    println!("## proofs (`dist` profile, {})\n", machine());
    proofs::measure(&binary)
}

/// A live cluster of ten thousand pods.
fn live(root: &Path) -> Result<(), String> {
    let binary = binary(root)?;
    println!("## a live cluster (`dist` profile, {})\n", machine());
    cluster::measure(&binary, &|snapshot| phases_of(root, snapshot))
}

/// Prints the phases of judging a snapshot.
fn phases_of(root: &Path, snapshot: &Path) -> Result<(), String> {
    let mut bench = Command::new("cargo");
    bench.args(["bench", "--quiet", "--profile", "dist", "--package", "seaworthy", "--bench", "phases"]);
    let status = bench.env("SEAWORTHY_SNAPSHOT", snapshot).current_dir(root).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo bench: {status}")),
        Err(error) => Err(format!("cargo bench: {error}")),
    }
}

/// Builds the program as it is shipped.
fn built(root: &Path) -> Result<PathBuf, String> {
    cargo(root, &["build", "--quiet", "--profile", "dist", "--package", "seaworthy"])
        .map_err(|problems| problems.join("\n"))?;
    Ok(target(root).join("dist/seaworthy"))
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

fn program(root: &Path) -> Result<(), String> {
    let (binary, target) = (built(root)?, target(root));
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
    println!("\n## language server, a change in one file of {FILES}\n");
    editor::measure(&binary, &bench.join(format!("manifests-{FILES}")), 200)
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
