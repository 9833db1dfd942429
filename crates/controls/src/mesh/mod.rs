//! Service meshes and encryption between nodes.

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[];
