//! Executes the cases in every control's page, and holds the catalogue to its rules.
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

mod benchmark;
mod cases;
mod catalogue;
mod exceptions;
mod fingerprints;
mod live;
