//! The store: its doors, its encryption, its backups.

mod backup_present;
mod client_tls;
mod dedicated_ca;
mod listeners;
mod peer_tls;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] =
    &[&backup_present::CONTROL, &client_tls::CONTROL, &dedicated_ca::CONTROL, &peer_tls::CONTROL];
