//! What the API server asks before it stores an object.

mod configuration;
mod image_policy;
mod node_restriction;
mod optional_plugins;
mod plugins;
mod required_plugins;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &image_policy::CONTROL,
    &node_restriction::CONTROL,
    &optional_plugins::CONTROL,
    &required_plugins::CONTROL,
];
