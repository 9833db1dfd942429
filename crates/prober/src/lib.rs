#![doc = include_str!("../README.md")]
#![allow(
    clippy::disallowed_methods,
    reason = "this crate is an edge: it talks to clusters and knows the time"
)]

mod api_server;
mod bounds;
mod clean;
mod credentials;
mod etcd;
mod executor;
mod file;
mod fill;
mod hello;
mod inside;
mod keeper;
mod kubeconfig;
mod ledger;
mod memo;
mod noting;
mod objects;
mod port;
mod prober;
mod program;
mod restore;
mod scratch;
mod secrets;
mod stop;
mod tls;

pub use clean::{Cleaned, LedgerError};
pub use credentials::Credentials;
pub use keeper::Fate;
pub use objects::Left;
pub use prober::{Prober, ProberOptions, Tried, state_folder};
