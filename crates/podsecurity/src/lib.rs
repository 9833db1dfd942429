#![doc = include_str!("../README.md")]

mod annotations;
mod check;
mod checks;
mod evaluate;
mod failure;
mod fields;
mod labels;
mod level;
mod pod;
mod printable;
mod quote;
mod version;
mod wording;

pub use check::{Check, Failed, FailedIter};
pub use evaluate::{evaluate, explain, failing_checks, faults, highest_level};
pub use failure::{Failure, Fault, message, reasons};
pub use labels::{InvalidLabel, LevelVersion, NamespacePolicy};
pub use level::{Level, ParseLevelError};
pub use pod::{Container, ContainerRole, Pod};
pub use version::{ParseVersionError, Version};
