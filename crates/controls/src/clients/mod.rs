//! kubeconfig files and the tools that use them.

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[];
