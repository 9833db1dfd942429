//! The record of who did what.

#[cfg(test)]
mod differential;
mod enabled;
mod lint;
mod monitored;
mod named;
mod needs;
mod no_sensitive_bodies;
mod pipeline;
mod policy;
mod policy_coverage;
mod retention;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &enabled::CONTROL,
    &monitored::CONTROL,
    &no_sensitive_bodies::CONTROL,
    &pipeline::CONTROL,
    &policy_coverage::CONTROL,
    &retention::CONTROL,
];
