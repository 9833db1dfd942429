//! The program: command line, wiring, exit codes.
#![allow(clippy::disallowed_methods, reason = "this crate is an edge: it reads files and talks to people")]

mod cli;
#[cfg(feature = "live")]
mod cluster_args;
mod commands;
mod declarations;
mod error;
#[cfg(feature = "live")]
mod in_pod;
mod input;
mod language_server;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod live_nodes;
mod node;
mod node_args;
mod output;
mod plan;
mod progress;
#[cfg(feature = "live")]
mod prove_args;
#[cfg(feature = "live")]
mod proving;
mod record;
mod rendering;
mod selection;
mod threshold;
#[cfg(feature = "live")]
mod watching;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::error::EXIT_ERROR;

// The allocator belongs to the program, never to a library: trees and findings are many small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // One provider of cryptography for all of TLS; that another one is installed already cannot be.
    #[cfg(feature = "live")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let global = &cli.global;
    let result = match &cli.command {
        Command::Scan(args) => commands::scan::run(args, global),
        #[cfg(feature = "live")]
        Command::Collect(args) => commands::collect::run(args),
        #[cfg(feature = "live")]
        Command::Prove(args) => commands::prove::run(args, global),
        Command::Diff(args) => commands::diff::run(args, global),
        Command::Explain(args) => commands::explain::run(args, global),
        Command::Controls(args) => commands::controls::run(args, global),
        Command::Pods(args) => commands::pods::run(args),
        Command::Nodes(args) => commands::nodes::run(args, global),
        Command::Lsp(args) => commands::lsp::run(args, global),
        Command::Completions(args) => commands::completions::run(args),
        Command::Man(args) => commands::man::run(args),
    };
    match result {
        Ok(outcome) => outcome.into(),
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            output::message(&error);
            ExitCode::from(EXIT_ERROR)
        }
    }
}
