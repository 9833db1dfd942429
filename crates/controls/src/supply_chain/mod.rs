//! How images and manifests come to the cluster.

mod commands;
mod pipeline_gate;
mod references;
mod third_party_packages;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[&pipeline_gate::CONTROL, &third_party_packages::CONTROL];
