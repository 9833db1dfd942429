#![doc = include_str!("../README.md")]

mod refusal;
mod scalar;
mod suggest;
mod table;
mod walk;

pub use refusal::{Expected, Problem, Refusal};
pub use table::{Type, kind, named};
pub use walk::{LIMIT, refusals};
