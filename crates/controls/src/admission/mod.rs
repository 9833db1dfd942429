//! What admission refuses, and what it runs on.

mod authorities;
mod configuration;
mod events;
pub use events::event_limits;
mod image_policy;
mod node_restriction;
mod obsolete_policy;
mod optional_plugins;
pub(crate) mod plugins;
mod policy_engine;
mod removed;
mod required_plugins;
mod selectors;
mod tried;
mod webhook_safety;
mod webhooks;

use crate::control::Control;

pub(crate) use authorities::{Authority, authority};

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &image_policy::CONTROL,
    &node_restriction::CONTROL,
    &obsolete_policy::CONTROL,
    &optional_plugins::CONTROL,
    &policy_engine::CONTROL,
    &required_plugins::CONTROL,
    &webhook_safety::CONTROL,
];
