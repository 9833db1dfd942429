//! Network policies.

mod conflicts;
mod control_plane_reach;
mod default_deny;
mod default_deny_egress;
mod default_deny_ingress;
mod enforcement;
mod least_privilege_flows;
mod makers;
mod metadata_egress;
mod namespace_isolation;
mod policy_effect;
mod reach;
mod traps;
mod zones;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &control_plane_reach::CONTROL,
    &default_deny_egress::CONTROL,
    &default_deny_ingress::CONTROL,
    &enforcement::CONTROL,
    &least_privilege_flows::CONTROL,
    &metadata_egress::CONTROL,
    &namespace_isolation::CONTROL,
    &policy_effect::CONTROL,
];
