#![doc = include_str!("../README.md")]

mod collect;
mod recognise;
mod walk;

pub use collect::{Collected, Event, IngestError, Options, SkipReason, Skipped, collect};
