//! kube-proxy.

mod api_access;
mod metrics_bind;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[&api_access::CONTROL, &metrics_bind::CONTROL];
