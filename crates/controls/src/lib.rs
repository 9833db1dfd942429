#![doc = include_str!("../README.md")]

mod assessment;
pub mod catalogue;
pub mod change;
mod control;
mod evaluate;
mod page;
mod parameters;
mod roadmap;
mod scope;
mod select;
mod system;
mod verdict;

mod admission;
mod api_server;
mod audit;
mod authentication;
mod clients;
mod cloud;
mod container_runtime;
mod control_plane;
mod detection;
mod etcd;
mod exposure;
mod images;
mod kube_proxy;
mod kubelet;
mod mesh;
mod namespaces;
mod network;
mod pods;
mod rbac;
mod secrets;
mod service_accounts;
mod storage;
mod supply_chain;

pub use assessment::{Assessment, ControlResult, Counts, Finding, Status, Subject, Unknown};
pub use control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
pub use evaluate::evaluate;
pub use page::{Case, Expectation, Page};
pub use parameters::{PARAMETERS, Parameter, ParameterError, Parameters};
pub use roadmap::{PhasePlan, PlannedChange, Progress, Roadmap};
pub use scope::{ContainerScope, NamespaceScope, ObjectScope, PodScope, Settings, Surroundings};
pub use seaworthy_policy::nearest;
pub use select::{SelectError, select, suggestions};
pub use verdict::{Fault, Verdict};
