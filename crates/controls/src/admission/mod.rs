//! What admission refuses, and what it runs on.

mod authorities;
mod obsolete_policy;
mod policy_engine;
mod removed;
mod selectors;
mod webhook_safety;
mod webhooks;

use crate::control::Control;

pub(crate) use authorities::{Authority, authority};

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] =
    &[&obsolete_policy::CONTROL, &policy_engine::CONTROL, &webhook_safety::CONTROL];
