//! The scheduler, the controller manager, and the nodes they run on.

mod isolated_nodes;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[&isolated_nodes::CONTROL];
