#![doc = include_str!("../README.md")]

mod base64;
mod builder;
mod convert;
mod encoding;
mod json;
mod path;
mod read;
mod scalar;
mod split;
mod subset;
mod toml;
mod tree;
mod value;
mod words;
mod yaml;

pub use base64::decode_base64;
pub use read::Limits;
pub use tree::{Diagnostic, Document, Format, Kind, Position, Reader, Span, Stream, Style};
pub use value::{Entries, Items, Value};
