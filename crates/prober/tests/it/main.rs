//! The executor against servers that cannot be trusted, and against a real one that it makes objects on.
#![allow(clippy::disallowed_methods, reason = "tests are an edge")]

mod bounds;
mod folders;
mod hostile;
mod objects;
mod server;
mod tokens;
