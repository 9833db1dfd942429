//! The cloud around the cluster.

mod access_entries;
mod cluster_access_map;
mod descriptions;
mod instance_metadata;
mod managed_control_plane;
mod static_keys;
mod workload_identity;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &cluster_access_map::CONTROL,
    &instance_metadata::CONTROL,
    &managed_control_plane::CONTROL,
    &workload_identity::CONTROL,
];
