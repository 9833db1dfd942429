//! Who may do what.
//!
//! `risky` judges the controls of the form "few subjects may …", each a list of rights.

mod authority;
mod escalate_bind_impersonate;
mod holders;
mod risky;
mod undecided;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[&escalate_bind_impersonate::CONTROL];
