//! Container images.

mod digest_pinned;
mod embedded_secrets;
mod minimal_content;
mod non_root_user;
mod provenance_attested;
mod pull_policy;
mod references;
mod registry_allowlist;
mod registry_credentials;
mod signature_verified;
mod tag_fixed;
mod vulnerabilities;

use crate::control::Control;

/// Sorted by id.
pub(crate) static CONTROLS: &[&Control] = &[
    &digest_pinned::CONTROL,
    &embedded_secrets::CONTROL,
    &minimal_content::CONTROL,
    &non_root_user::CONTROL,
    &provenance_attested::CONTROL,
    &pull_policy::CONTROL,
    &registry_allowlist::CONTROL,
    &registry_credentials::CONTROL,
    &signature_verified::CONTROL,
    &tag_fixed::CONTROL,
    &vulnerabilities::CONTROL,
];
