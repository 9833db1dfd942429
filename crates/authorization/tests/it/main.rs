//! What RBAC grants, by example, by the built-in objects, and compared with upstream's authorizer.

mod behaviour;
mod built_in;
mod differential;
mod sources;
