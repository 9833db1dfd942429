//! kubeconfig files and the tools that use them.

mod commands;
mod files;
mod kubeconfig_credentials;
mod kubeconfig_permissions;
mod kubeconfig_tls;
pub(crate) mod kubeconfigs;
mod kubectl_proxy;
mod proxy_here;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &kubeconfig_credentials::CONTROL,
    &kubeconfig_permissions::CONTROL,
    &kubeconfig_tls::CONTROL,
    &kubectl_proxy::CONTROL,
];
