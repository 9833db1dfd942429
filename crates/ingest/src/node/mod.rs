//! Evidence of a node: its processes, files, certificates, kernel and sockets, as texts that controls judge like any other.
//!
//! Nothing is started and nothing is written. Links are followed inside the root alone, only plain files are opened, and
//! every list, text and folder has a bound. What cannot be read is recorded with the reason.

#[cfg(target_os = "linux")]
mod certificates;
#[cfg(target_os = "linux")]
mod collect;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod places;
#[cfg(target_os = "linux")]
mod processes;
#[cfg(target_os = "linux")]
mod programs;
#[cfg(target_os = "linux")]
mod reading;
#[cfg(target_os = "linux")]
mod root;
#[cfg(target_os = "linux")]
mod secrets;
#[cfg(target_os = "linux")]
mod sockets;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod time;
mod transfer;

#[cfg(target_os = "linux")]
pub use collect::{NodeOptions, collect_node};
pub use transfer::{read_node, write_node};
