//! Volumes, their classes and their backups.

mod backup;
mod backup_tools;
mod claim_access;
mod claims;
mod drivers;
mod encryption;
mod host_volumes;
mod limits;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &backup::CONTROL,
    &claim_access::CONTROL,
    &encryption::CONTROL,
    &host_volumes::CONTROL,
    &limits::CONTROL,
];
