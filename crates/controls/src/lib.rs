#![doc = include_str!("../README.md")]

mod addresses;
mod assessment;
pub mod catalogue;
pub mod change;
mod cipher_suites;
mod clock;
mod closed_world;
mod component_flags;
mod control;
mod drift;
mod evaluate;
mod exceptions;
mod flags;
mod framework;
mod kubeconfig;
mod nearby;
mod node_files;
mod page;
mod parameters;
pub mod probe;
mod roadmap;
mod scope;
mod select;
mod standing;
mod system;
mod tally;
mod verdict;

mod access;
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
pub use control::{
    Check, ComponentCheck, ContainerCheck, Control, EvidenceCheck, Guard, Mappings, NamespaceCheck,
    ObjectCheck, Phase, PodCheck, Reads, Scope, Severity,
};
pub use evaluate::{evaluate, evaluate_files};
pub use exceptions::{
    Acceptance, Baseline, ExceptionProblem, ExceptionState, ExceptionUse, Exceptions, FormerFinding,
};
pub use framework::{Compliance, Edition, Framework, Item, ItemStatus, Outcome, UnknownFramework};
pub use page::{Case, Expectation, Page};
pub use parameters::{PARAMETERS, Parameter, ParameterError, Parameters};
pub use roadmap::{PhasePlan, PlannedChange, Progress, Roadmap};
pub use scope::{
    ComponentScope, ContainerScope, NamespaceScope, ObjectScope, PodScope, Settings, Surroundings,
};
pub use seaworthy_policy::nearest;
pub use select::{SelectError, select, suggestions};
pub use standing::{ControlStanding, Declared, Drift, ProofRun, Proofs, Proven, Standing, Tries};
pub use verdict::{Fault, Holder, Judged, Verdict};
