//! Charts, overlays and the objects that point to them, rendered by the real programs.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod charts;
mod fixture;
mod gitops;
mod hostile;
#[cfg(target_os = "linux")]
mod node;
mod overlays;
mod snapshots;
