//! What tests need from outside the workspace: oracles, which are small Go programs over upstream Kubernetes
//! modules (`testing/oracle/<name>`), and the data folder `SEAWORTHY_DATA`.
//!
//! ```no_run
//! let mut oracle = match oracle_client::Oracle::start("yaml") {
//!     Ok(oracle) => oracle,
//!     Err(skip) => return skip.announce(),
//! };
//! assert_eq!(oracle.ask("YTogMQo="), r#"{"docs":[{"json":"{\"a\":1}","format":"yaml"}]}"#);
//! ```
#![allow(clippy::disallowed_methods, reason = "it starts programs for tests")]

mod data;
mod oracle;
mod programs;
mod skip;

pub use data::data;
pub use oracle::Oracle;
pub use programs::programs;
pub use skip::Skip;
