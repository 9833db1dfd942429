//! Secrets and credentials.

mod as_files;
pub(crate) mod base64;
pub(crate) mod credentials;
mod external_store;
mod file_mode;
mod in_config_maps;
mod in_pod_spec;
mod in_repository;
mod memory_backed;
mod rotation;
mod uses;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &as_files::CONTROL,
    &external_store::CONTROL,
    &file_mode::CONTROL,
    &in_config_maps::CONTROL,
    &in_pod_spec::CONTROL,
    &in_repository::CONTROL,
    &memory_backed::CONTROL,
    &rotation::CONTROL,
];
