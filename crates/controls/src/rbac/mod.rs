//! Who may do what.
//!
//! `risky` judges the controls of the form "few subjects may …", each a list of rights; `bindings` what subjects are given
//! by name; `review` asks the API server about both, `live` does it. `escalation_paths` and `workload_privilege` put rights together with pods.

mod admission_write;
mod anonymous_bindings;
mod authenticated_bindings;
pub(crate) mod bindings;
mod builtin_roles;
mod cluster_admin;
mod csr_approval;
mod dangling_bindings;
mod escalate_bind_impersonate;
mod escalation;
mod escalation_paths;
mod evidence_tampering;
mod exec_access;
mod group_subjects;
mod holders;
mod live;
mod namespace_write;
mod namespaced_scope;
mod network_write;
mod node_and_volume_write;
mod nodes_proxy;
mod public;
mod review;
mod right;
mod risky;
mod secret_access;
mod sensitive_config_maps;
mod system_masters;
mod token_creation;
pub(crate) mod undecided;
mod unused_permissions;
mod wildcards;
mod workload_creation;
mod workload_privilege;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &admission_write::CONTROL,
    &anonymous_bindings::CONTROL,
    &authenticated_bindings::CONTROL,
    &builtin_roles::CONTROL,
    &cluster_admin::CONTROL,
    &csr_approval::CONTROL,
    &dangling_bindings::CONTROL,
    &escalate_bind_impersonate::CONTROL,
    &escalation_paths::CONTROL,
    &evidence_tampering::CONTROL,
    &exec_access::CONTROL,
    &group_subjects::CONTROL,
    &namespace_write::CONTROL,
    &namespaced_scope::CONTROL,
    &network_write::CONTROL,
    &node_and_volume_write::CONTROL,
    &nodes_proxy::CONTROL,
    &secret_access::CONTROL,
    &sensitive_config_maps::CONTROL,
    &system_masters::CONTROL,
    &token_creation::CONTROL,
    &unused_permissions::CONTROL,
    &wildcards::CONTROL,
    &workload_creation::CONTROL,
    &workload_privilege::CONTROL,
];
