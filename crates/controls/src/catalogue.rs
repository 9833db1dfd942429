//! The catalogue: every control, in a plain sorted list per family.

use crate::control::Control;
use crate::{images, namespaces, pods, secrets, service_accounts};

/// The families, sorted by name, with their controls, sorted by id.
static FAMILIES: &[&[&Control]] =
    &[images::CONTROLS, namespaces::CONTROLS, pods::CONTROLS, secrets::CONTROLS, service_accounts::CONTROLS];

/// The version of the catalogue: it changes when a control is added, removed or judged differently.
pub const VERSION: &str = "2026.11";

/// Every control, sorted by id.
pub fn all() -> impl Iterator<Item = &'static Control> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

/// The control of an id.
pub fn find(id: &str) -> Option<&'static Control> {
    all().find(|control| control.id == id)
}
