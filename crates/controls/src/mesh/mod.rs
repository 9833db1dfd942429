//! Service meshes and encryption between nodes.

mod authorization;
mod callers;
mod coverage;
mod identity_ca;
mod linkerd;
mod membership;
mod network_encryption;
mod peers;
mod strict_mtls;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &authorization::CONTROL,
    &coverage::CONTROL,
    &identity_ca::CONTROL,
    &network_encryption::CONTROL,
    &strict_mtls::CONTROL,
];
