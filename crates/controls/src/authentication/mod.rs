//! How callers prove who they are.

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[];
