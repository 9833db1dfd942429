//! Tests of `seaworthy-schema`: against the API server's decoder, on public fixtures, and by hand.
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

mod behaviour;
mod differential;
mod every_field;
mod fixtures;
mod manifests;
mod oracle;
mod random;
mod scalars;
