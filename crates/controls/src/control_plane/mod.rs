//! The scheduler, the controller manager, and the nodes they run on.

mod bind_address;
mod certificate_expiry;
mod component_roles;
mod component_tls;
mod config_drift;
mod controller_credentials;
mod file_permissions;
mod isolated_nodes;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &bind_address::CONTROL,
    &certificate_expiry::CONTROL,
    &component_roles::CONTROL,
    &component_tls::CONTROL,
    &config_drift::CONTROL,
    &controller_credentials::CONTROL,
    &file_permissions::CONTROL,
    &isolated_nodes::CONTROL,
];
