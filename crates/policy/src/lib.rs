#![doc = include_str!("../README.md")]

mod configuration;
mod date;
mod exception;
mod nearest;
mod path;
mod pattern;
mod read;
mod strict;

pub use configuration::{Configuration, Prove};
pub use date::{Date, NoDate, rfc3339};
pub use exception::{Exception, Match, Origin, RbacSubject};
pub use nearest::{distance, nearest};
pub use path::{absolute_path, path_below};
pub use pattern::{PathPattern, Pattern};
pub use read::{API_VERSION, Declared, Source, read};
pub use strict::{Problem, Spanned};
