//! Tests of the evaluator: against expected connections of another analyser, and against the words of the API.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

mod connections;
mod expected;
mod laws;
mod objects;
mod semantics;
mod tiers;
