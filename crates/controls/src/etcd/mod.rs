//! The store: its doors, its encryption, its backups.

mod backup_present;
mod backup_restorable;
mod client_tls;
mod data_permissions;
mod dedicated_ca;
mod encryption_at_rest;
mod encryption_coverage;
mod encryption_keys;
mod encryption_rewrite;
mod listeners;
mod peer_tls;
pub(crate) mod providers;
mod transformations;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &backup_present::CONTROL,
    &backup_restorable::CONTROL,
    &client_tls::CONTROL,
    &data_permissions::CONTROL,
    &dedicated_ca::CONTROL,
    &encryption_at_rest::CONTROL,
    &encryption_coverage::CONTROL,
    &encryption_keys::CONTROL,
    &encryption_rewrite::CONTROL,
    &peer_tls::CONTROL,
];
