#![doc = include_str!("../README.md")]

mod aggregation;
mod binding;
pub mod bootstrap;
mod covers;
mod edges;
mod grant;
mod graph;
mod holder;
mod nearest;
pub mod paths;
mod policy;
pub mod powers;
mod role;
mod rule;
mod selector;

pub use binding::{Binding, Source, Target};
pub use bootstrap::Descent;
pub use covers::{Covering, Single, covers};
pub use grant::{Grant, Place};
pub use holder::Holder;
pub use policy::Policy;
pub use role::{Role, RoleKind};
pub use rule::{Attributes, Entry, Match, Rule};
