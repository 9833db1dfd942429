//! The scheduler, the controller manager, and the nodes they run on.

mod component_roles;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[&component_roles::CONTROL];
