//! The program as people run it.
#![allow(clippy::disallowed_methods, reason = "tests work on files")]

mod bad_input;
mod commands;
mod demo;
mod examples;
mod pods;
mod program;
