#![doc = include_str!("../README.md")]
#![allow(
    clippy::disallowed_methods,
    reason = "this crate is an edge: it talks to clusters and knows the time"
)]

mod api;
mod collection;
mod components;
mod connect;
mod discover;
mod error;
mod gather;
mod kinds;
mod list;
mod nodes;
mod options;
mod pod_templates;
mod rights;
mod session;
mod text;
mod watch;

pub use api::{Api, Sent, Unsent, Who};
pub use error::ClusterError;
pub use gather::{Event, Gathered, Refusal, gather};
pub use nodes::{NodesEvent, NodesGathered, NodesOptions, clean_nodes, run_nodes, show_nodes};
pub use options::ClusterOptions;
pub use rights::{Rights, rights};
pub use session::Pace;
pub use watch::{Update, Watch, watch};
