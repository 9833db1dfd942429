//! Service accounts and their tokens.

pub(crate) mod automount_token;
mod bindings;
mod default_account;
mod default_account_bindings;
mod infrastructure_accounts;
mod legacy_tokens;
mod token_binding;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &automount_token::CONTROL,
    &default_account::CONTROL,
    &default_account_bindings::CONTROL,
    &infrastructure_accounts::CONTROL,
    &legacy_tokens::CONTROL,
    &token_binding::CONTROL,
];
