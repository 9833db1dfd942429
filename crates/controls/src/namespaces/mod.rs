//! Namespaces as boundaries.

mod default_unused;
mod labels;
mod platform;
mod pod_security_enforce;
mod pod_security_exemptions;
mod pod_security_staging;
mod resource_quotas;
mod system_separation;
mod team_boundaries;
mod undecided;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &default_unused::CONTROL,
    &pod_security_enforce::CONTROL,
    &pod_security_exemptions::CONTROL,
    &pod_security_staging::CONTROL,
    &resource_quotas::CONTROL,
    &system_separation::CONTROL,
    &team_boundaries::CONTROL,
];
