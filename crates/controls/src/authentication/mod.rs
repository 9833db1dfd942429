//! How callers prove who they are.

mod bootstrap_tokens;
mod claim_rules;
mod client_certificates;
mod external_identity;
mod static_tokens;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &bootstrap_tokens::CONTROL,
    &claim_rules::CONTROL,
    &client_certificates::CONTROL,
    &external_identity::CONTROL,
    &static_tokens::CONTROL,
];
