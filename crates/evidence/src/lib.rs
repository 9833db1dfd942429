#![doc = include_str!("../README.md")]

mod access;
mod diagnostic;
mod index;
mod object;
mod place;
mod workload;

pub use access::Access;
pub use diagnostic::{Diagnostic, Severity};
pub use index::{Evidence, Found, SourceFile};
pub use object::Object;
pub use place::Place;
pub use workload::Workload;
