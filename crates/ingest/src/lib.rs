#![doc = include_str!("../README.md")]
#![allow(clippy::disallowed_methods, reason = "this crate is an edge: it reads files and talks to people")]

mod collect;
mod exclude;
mod node;
mod recognise;
mod render;
mod skip;
pub mod snapshot;
mod walk;

pub use collect::{Collected, Event, IngestError, Options, collect, read_text};
pub use exclude::Exclude;
#[cfg(target_os = "linux")]
pub use node::{NodeOptions, collect_node};
pub use node::{read_node, write_node};
pub use render::RenderOptions;
pub use skip::{SkipReason, Skipped};
