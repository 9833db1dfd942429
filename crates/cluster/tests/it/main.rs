//! Gathering from servers that behave, and from those that do not.
#![allow(clippy::disallowed_methods, reason = "tests start servers and write files")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod components;
mod credentials;
mod hostile;
mod nodes;
mod paging;
mod permissions;
mod real;
mod server;
