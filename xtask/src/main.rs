//! Chores of this repository, as `cargo xtask <chore>`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "chores talk to whoever runs them")]
#![allow(clippy::disallowed_methods, reason = "chores work on files and measure time")]

mod bench;
mod docs;
mod lab_chores;
mod new_control;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Check what compilers do not: direction of dependencies, licences, documentation, length of files, names
    Tidy,
    /// Write `docs/controls` from the controls themselves
    Docs {
        /// Fail when a page is not current, write nothing
        #[arg(long)]
        check: bool,
    },
    /// Write the two files of a new control and its line in the registry
    NewControl {
        /// The id, as `pods/privileged`
        id: String,
    },
    /// Build the `dist` profile, run all benchmarks and print their tables
    Bench {
        /// Only the benchmarks whose name holds this
        filter: Option<String>,
    },
    /// A real Kubernetes on this machine to try things on: etcd, API server, controller manager, scheduler
    #[command(subcommand)]
    Lab(lab_chores::Chore),
}

fn main() -> ExitCode {
    let result = match Cli::parse().chore {
        Chore::Tidy => tidy::run(&root()),
        Chore::Docs { check } => docs::run(&root(), check),
        Chore::NewControl { id } => new_control::run(&root(), &id),
        Chore::Bench { filter } => bench::run(&root(), filter.as_deref()),
        Chore::Lab(chore) => return lab_chores::run(chore),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            ExitCode::FAILURE
        }
    }
}

/// What is wrong, a line each.
type Result = std::result::Result<(), Vec<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}
