//! Capabilities beyond those that container runtimes give by default must not be added. Names are compared as
//! they are: neither `chown` nor `CAP_CHOWN` is `CHOWN`.
//!
//! | fields of every container | allowed | from |
//! |---|---|---|
//! | `securityContext.capabilities.add[*]` | those in [`DEFAULT`] | v1.0 |

use super::Definition;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, below, text};
use crate::level::Level;
use crate::wording::{bad_values, container_names, containers, quoted};

pub(super) const DEFINITION: Definition = Definition {
    id: "capabilities_baseline",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: None,
    pod: None,
    container: Some(|_, fields, faults| added(fields, &DEFAULT, faults)),
    reason: |_| "non-default capabilities",
    detail,
};

const DEFAULT: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Finds every added capability that is not among those allowed.
pub(super) fn added<'a>(fields: &ContainerFields<'a>, allowed: &[&str], faults: &mut Faults<'a>) {
    let setter = Setter::Container(fields.container);
    let Some(capabilities) = fields.security.capabilities else { return };
    let Some(add) = below(capabilities, "add") else { return };
    if !capabilities.is_mapping() || !add.is_sequence() {
        faults.add(Found::bad(setter, add, text(add)));
    }
    for capability in add.items() {
        if !capability.as_str().is_some_and(|name| allowed.contains(&name)) {
            faults.add(Found::bad(setter, capability, text(capability)));
        }
    }
}

/// The words for what [`added`] found.
pub(super) fn detail(found: &[Found<'_>]) -> String {
    format!(
        "{} must not include {} in securityContext.capabilities.add",
        containers(&container_names(found)),
        quoted(&bad_values(found))
    )
}
