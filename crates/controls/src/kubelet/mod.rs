//! The agent of each node.

mod anonymous_auth;
mod authorization_mode;
mod certificates;
mod client_ca;
mod config_drift;
mod debug_handlers;
mod file_permissions;
mod pod_pids_limit;
mod read_only_port;
mod safe_defaults;
mod seccomp_default;
pub(crate) mod settings;
mod static_pods;
mod tls_strength;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &anonymous_auth::CONTROL,
    &authorization_mode::CONTROL,
    &certificates::CONTROL,
    &client_ca::CONTROL,
    &config_drift::CONTROL,
    &debug_handlers::CONTROL,
    &file_permissions::CONTROL,
    &pod_pids_limit::CONTROL,
    &read_only_port::CONTROL,
    &safe_defaults::CONTROL,
    &seccomp_default::CONTROL,
    &static_pods::CONTROL,
    &tls_strength::CONTROL,
];
