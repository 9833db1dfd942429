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

mod images;
mod namespaces;
mod pods;
mod secrets;
mod service_accounts;

pub use assessment::{Assessment, ControlResult, Counts, Finding, Status, Subject, Unknown};
pub use control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
pub use evaluate::evaluate;
pub use page::{Case, Expectation, Page};
pub use parameters::{PARAMETERS, Parameter, ParameterError, Parameters};
pub use roadmap::{PhasePlan, PlannedChange, Progress, Roadmap};
pub use scope::{ContainerScope, NamespaceScope, ObjectScope, PodScope, Settings, Surroundings};
pub use select::{SelectError, nearest, select, suggestions};
pub use verdict::{Fault, Verdict};
