//! Network policies.

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[];
