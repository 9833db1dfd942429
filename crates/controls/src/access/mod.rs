//! How people get rights in clusters, and lose them.

mod break_glass;
mod grant_expiry;
mod grants;
mod multi_cluster;
mod no_standing_privilege;
mod stale_subjects;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &break_glass::CONTROL,
    &grant_expiry::CONTROL,
    &multi_cluster::CONTROL,
    &no_standing_privilege::CONTROL,
    &stale_subjects::CONTROL,
];
