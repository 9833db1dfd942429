#![doc = include_str!("../README.md")]

mod component;
mod diagnostic;
mod index;
mod object;
mod place;
mod workload;

pub use component::{Component, Flag, Origin, Program, Setting, Stated};
pub use diagnostic::{Diagnostic, Severity};
pub use index::{Evidence, Found, SourceFile};
pub use object::Object;
pub use place::Place;
pub use workload::Workload;
