//! The scheduler, the controller manager, and the nodes they run on.

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[];
