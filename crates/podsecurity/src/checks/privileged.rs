//! Privileged containers, which have every right of root on the node, are refused.
//!
//! | fields of every container | allowed | from |
//! |---|---|---|
//! | `securityContext.privileged` | `false`; absent | v1.0 |

use super::Definition;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, Context};
use crate::level::Level;
use crate::wording::{container_names, containers};

pub(super) const DEFINITION: Definition = Definition {
    id: "privileged",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: None,
    pod: None,
    container: Some(container),
    reason: |_| "privileged",
    detail,
};

fn container<'a>(_: &Context<'a>, fields: &ContainerFields<'a>, faults: &mut Faults<'a>) {
    if let Some(value) = fields.security.privileged.filter(|value| value.as_bool() != Some(false)) {
        faults.add(Found::bad(Setter::Container(fields.container), value, value.text()));
    }
}

fn detail(found: &[Found<'_>]) -> String {
    format!("{} must not set securityContext.privileged=true", containers(&container_names(found)))
}
