//! Who may do what.
//!
//! `risky` judges the controls of the form "few subjects may …", each a list of rights; `bindings` what subjects are given
//! by name.

mod anonymous_bindings;
mod authenticated_bindings;
pub(crate) mod bindings;
mod builtin_roles;
mod cluster_admin;
mod dangling_bindings;
mod escalate_bind_impersonate;
mod group_subjects;
mod holders;
mod namespaced_scope;
mod public;
mod risky;
mod system_masters;
pub(crate) mod undecided;
mod wildcards;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &anonymous_bindings::CONTROL,
    &authenticated_bindings::CONTROL,
    &builtin_roles::CONTROL,
    &cluster_admin::CONTROL,
    &dangling_bindings::CONTROL,
    &escalate_bind_impersonate::CONTROL,
    &group_subjects::CONTROL,
    &namespaced_scope::CONTROL,
    &system_masters::CONTROL,
    &wildcards::CONTROL,
];
