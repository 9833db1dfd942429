#![doc = include_str!("../README.md")]
#![allow(
    clippy::disallowed_methods,
    reason = "this crate is an edge: it talks to clusters and knows the time"
)]

mod api_server;
mod credentials;
mod etcd;
mod executor;
mod file;
mod fill;
mod inside;
mod hello;
mod port;
mod prober;
mod tls;

pub use credentials::Credentials;
pub use prober::{Prober, ProberOptions, Tried};
