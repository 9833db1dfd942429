//! The scheduler, the controller manager, and the nodes they run on.

mod component_roles;
mod isolated_nodes;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[&component_roles::CONTROL, &isolated_nodes::CONTROL];
