#![doc = include_str!("../README.md")]

mod read;
mod tree;
mod value;

pub use read::Limits;
pub use tree::{Diagnostic, Document, Format, Kind, Position, Reader, Span, Stream, Style};
pub use value::{Entries, Items, Value};
