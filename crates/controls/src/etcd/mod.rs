//! The store: its doors, its encryption, its backups.

mod encryption_at_rest;
mod encryption_coverage;
mod encryption_keys;
mod providers;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] =
    &[&encryption_at_rest::CONTROL, &encryption_coverage::CONTROL, &encryption_keys::CONTROL];
