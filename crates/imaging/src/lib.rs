#![doc = include_str!("../README.md")]

mod reference;

pub use reference::{Reference, ReferenceError};
