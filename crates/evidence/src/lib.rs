#![doc = include_str!("../README.md")]

mod access;
pub mod collection;
mod component;
pub mod configuration;
mod declared;
mod diagnostic;
mod distribution;
mod embedded;
mod index;
mod network;
pub mod node_reading;
mod object;
mod origin;
mod owner;
mod place;
mod provenance;
mod unnamed;
mod update;
mod workload;

pub use access::Access;
pub use collection::{Collection, Known};
pub use component::{Component, Flag, Program, Setting, Setup, Stated};
pub use declared::{DeclarationCounts, Declarations, Declared};
pub use diagnostic::{Diagnostic, Severity};
pub use distribution::Distribution;
pub use embedded::embedded_files;
pub use index::{Evidence, Found, SourceFile};
pub use network::{Network, Zone};
pub use node_reading::{Certificate, NodeFile, NodeReading, Role, Socket};
pub use object::Object;
pub use origin::{Origin, Renderer, Written};
pub use owner::{Owner, Standing};
pub use place::Place;
pub use provenance::Provenance;
pub use unnamed::identity as unnamed_kind;
pub use workload::Workload;
