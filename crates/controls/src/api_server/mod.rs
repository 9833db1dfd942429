//! The API server: its flags, files and extensions.

mod aggregated_apis;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[&aggregated_apis::CONTROL];
