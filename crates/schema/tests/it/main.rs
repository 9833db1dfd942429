//! Tests of `seaworthy-schema`: against the API server's decoder, on public fixtures, and by hand.

mod behaviour;
mod differential;
mod every_field;
mod fixtures;
mod manifests;
mod oracle;
mod random;
mod scalars;
