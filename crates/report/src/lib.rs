#![doc = include_str!("../README.md")]

mod accepted;
pub mod catalogue;
mod chunks;
mod clean;
pub mod comment;
mod compliance;
mod context;
pub mod csv;
pub mod diff;
pub mod explain;
mod format;
pub mod former;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
mod kube_bench;
mod markdown;
mod numbers;
pub mod policy_report;
pub mod probes;
mod proofs;
mod redact;
pub mod sarif;
mod source;
pub mod terminal;

pub use clean::printable;
pub use context::{Context, Skipped, Style};
pub use format::{Format, UnknownFormat, write};
