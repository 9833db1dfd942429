//! kube-proxy.

mod api_access;
mod kubeconfig_permissions;
mod metrics_bind;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] =
    &[&api_access::CONTROL, &kubeconfig_permissions::CONTROL, &metrics_bind::CONTROL];
