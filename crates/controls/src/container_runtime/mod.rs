//! containerd, its registries and its sandboxes.

mod containerd;
mod mandatory_access_control;
mod patched;
mod registry_tls;
mod sandbox_handlers;
mod socket_permissions;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &mandatory_access_control::CONTROL,
    &patched::CONTROL,
    &registry_tls::CONTROL,
    &sandbox_handlers::CONTROL,
    &socket_permissions::CONTROL,
];
