//! The API server: its flags, files and extensions.

mod aggregated_apis;
mod anonymous_auth;
mod authorization_mode;
mod authorization_webhook_fail_closed;
mod etcd_client_tls;
mod insecure_port;
mod kubelet_tls;
mod overload_guards;
mod profiling;
mod service_account_keys;
mod supported_version;
mod tls_serving;
mod tls_strength;
mod trusted_cas;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &aggregated_apis::CONTROL,
    &anonymous_auth::CONTROL,
    &authorization_mode::CONTROL,
    &authorization_webhook_fail_closed::CONTROL,
    &etcd_client_tls::CONTROL,
    &insecure_port::CONTROL,
    &kubelet_tls::CONTROL,
    &overload_guards::CONTROL,
    &profiling::CONTROL,
    &service_account_keys::CONTROL,
    &supported_version::CONTROL,
    &tls_serving::CONTROL,
    &tls_strength::CONTROL,
    &trusted_cas::CONTROL,
];
