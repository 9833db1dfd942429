//! Real Kubernetes servers for tests: etcd and the API server, and if asked for the controller manager and the scheduler,
//! with keys, folders and ports of their own on loopback.
//!
//! ```no_run
//! use lab::{Lab, Profile};
//!
//! let lab = match Lab::start(Profile::hardened()) {
//!     Ok(lab) => lab,
//!     Err(skip) => return skip.announce(), // Go is missing, and SEAWORTHY_LAB=required does not forbid it
//! };
//! assert_eq!(lab.request("admin", "GET", "/version").unwrap().status, 200);
//! // Servers and folder are gone when `lab` is dropped, when the test panics, and soon after its process is killed.
//! ```
//!
//! [`Profile::with_nodes`] adds a node with real pods. Then everything is in namespaces of its own (`node/namespaces.rs`),
//! and what looks at it runs there: [`Lab::command`], [`Lab::inside`].
//!
//! What a profile is stands in `profiles/<name>`: the flags of each program, and their configuration files.
#![allow(clippy::disallowed_methods, reason = "it starts programs for tests")]

mod apply;
mod certificates;
mod client;
mod control_plane;
mod detached;
mod error;
mod guard;
mod identities;
mod manifest;
mod node;
mod ports;
mod process;
mod profile;
mod servers;

pub use client::Answer;
pub use detached::{Detached, add_image, down, exec, find, list, up};
pub use error::LabError;
pub use guard::{Lab, available, nodes_available};
pub use node::{IMAGE, NODE};
pub use profile::Profile;
pub use servers::Servers;
