//! What each format says of the same small input, and that it says it safely.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

mod configurations;
mod exchange;
mod explain;
mod fixture;
mod json;
mod proofs;
mod rendered;
mod sarif;
mod terminal;
