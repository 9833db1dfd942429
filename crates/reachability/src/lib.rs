#![doc = include_str!("../README.md")]

mod address;
mod cluster_policy;
mod explain;
pub mod foreign;
mod index;
mod labels;
mod peer;
mod pod;
mod policy;
mod port;
mod selector;
mod tiers;
mod truth;
mod world;

pub use address::{Block, Cidr, Family};
pub use cluster_policy::{Action, ClusterPolicy, ClusterRule, GROUP as CLUSTER_POLICY_GROUP, Tier};
pub use explain::{Ground, Reason};
pub use labels::Labels;
pub use peer::{Endpoint, Peer};
pub use pod::{Namespace, Pod};
pub use policy::{Connection, Direction, Policy, Rule};
pub use port::{Port, Ports, Protocol};
pub use selector::Selector;
pub use truth::Truth;
pub use world::{NamespaceId, PodId, PolicyId, TooMany, World};
