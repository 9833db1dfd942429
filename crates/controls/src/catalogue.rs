//! The catalogue: every control, in a plain sorted list per family.

use crate::control::Control;
use crate::{
    access, admission, api_server, audit, authentication, clients, cloud, container_runtime, control_plane,
    detection, etcd, exposure, images, kube_proxy, kubelet, mesh, namespaces, network, pods, rbac, secrets,
    service_accounts, storage, supply_chain,
};

/// The families, sorted by name, with their controls, sorted by id.
static FAMILIES: &[&[&Control]] = &[
    access::CONTROLS,
    admission::CONTROLS,
    api_server::CONTROLS,
    audit::CONTROLS,
    authentication::CONTROLS,
    clients::CONTROLS,
    cloud::CONTROLS,
    container_runtime::CONTROLS,
    control_plane::CONTROLS,
    detection::CONTROLS,
    etcd::CONTROLS,
    exposure::CONTROLS,
    images::CONTROLS,
    kube_proxy::CONTROLS,
    kubelet::CONTROLS,
    mesh::CONTROLS,
    namespaces::CONTROLS,
    network::CONTROLS,
    pods::CONTROLS,
    rbac::CONTROLS,
    secrets::CONTROLS,
    service_accounts::CONTROLS,
    storage::CONTROLS,
    supply_chain::CONTROLS,
];

/// The version of the catalogue: it changes when a control is added, removed or judged differently.
pub const VERSION: &str = "2026.11";

/// Every control, sorted by id.
pub fn all() -> impl Iterator<Item = &'static Control> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

/// The control of an id.
pub fn find(id: &str) -> Option<&'static Control> {
    all().find(|control| control.id == id)
}
