//! kubeconfig files and the tools that use them.

mod commands;
mod kubeconfig_credentials;
mod kubeconfig_permissions;
mod kubeconfig_tls;
pub(crate) mod kubeconfigs;
mod kubectl_proxy;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &kubeconfig_credentials::CONTROL,
    &kubeconfig_permissions::CONTROL,
    &kubeconfig_tls::CONTROL,
    &kubectl_proxy::CONTROL,
];
