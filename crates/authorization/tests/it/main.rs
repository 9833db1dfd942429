//! What RBAC grants, by example, by the built-in objects, and compared with upstream's authorizer.
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

mod behaviour;
mod built_in;
mod differential;
mod paths;
mod sources;
