#![doc = include_str!("../README.md")]
#![allow(clippy::disallowed_methods, reason = "this crate is an edge: it reads files and talks to people")]

mod collect;
mod exclude;
mod recognise;
mod render;
mod skip;
pub mod snapshot;
mod walk;

pub use collect::{Collected, Event, IngestError, Options, collect, read_text};
pub use exclude::Exclude;
pub use render::RenderOptions;
pub use skip::{SkipReason, Skipped};
