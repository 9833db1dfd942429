//! The lab against itself: does it start, is it what its profiles say, and is nothing left of it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests, which look at processes and folders"
)]

mod control_plane;
mod host;
mod node;
