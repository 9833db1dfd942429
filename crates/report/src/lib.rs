#![doc = include_str!("../README.md")]

mod accepted;
pub mod catalogue;
mod chunks;
mod clean;
mod context;
pub mod diff;
pub mod explain;
mod format;
pub mod former;
pub mod html;
pub mod json;
mod markdown;
mod numbers;
mod redact;
pub mod sarif;
mod source;
pub mod terminal;

pub use context::{Context, Skipped, Style};
pub use format::{Format, UnknownFormat, write};
