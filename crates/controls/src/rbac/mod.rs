//! Who may do what.

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[];
