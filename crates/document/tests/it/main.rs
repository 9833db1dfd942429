//! What the reader promises, held against the Go code that kubectl uses.
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]
// Helpers of tests are not tests in the eyes of clippy.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod generate;
mod hostile;
mod inputs;
mod kubectl;
mod readers;
mod spans;
mod suite;
mod toml;
