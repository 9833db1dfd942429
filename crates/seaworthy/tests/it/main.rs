//! The program as people run it.
#![allow(clippy::disallowed_methods, reason = "tests work on files")]
#![allow(clippy::print_stdout, reason = "tests say what they counted and why they skip")]

mod bad_input;
#[cfg(feature = "live")]
mod cluster;
mod commands;
mod demo;
mod examples;
mod lab;
mod language_server;
mod living;
#[cfg(target_os = "linux")]
mod nodes;
mod pods;
mod program;
mod proofs;
#[cfg(feature = "live")]
mod proving;
mod rendering;
mod running;
mod snapshots;
mod watching;
