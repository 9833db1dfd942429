#![doc = include_str!("../README.md")]

mod chunks;
mod clean;
mod context;
mod format;
pub mod html;
pub mod json;
mod markdown;
mod numbers;
mod redact;
mod source;
pub mod terminal;

pub use context::{Context, Skipped, Style};
pub use format::{Format, UnknownFormat, write};
