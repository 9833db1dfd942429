//! The paths that runtimes hide in `/proc` must stay hidden.
//!
//! | fields of every container | allowed | from |
//! |---|---|---|
//! | `securityContext.procMount` | `Default`; absent | v1.0 |
//!
//! Pods in a user namespace are exempt from v1.35 on.

use super::{Definition, Exemption};
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, Context, text};
use crate::level::Level;
use crate::wording::{bad_values, container_names, containers, quoted};

pub(super) const DEFINITION: Definition = Definition {
    id: "procMount",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: Some((35, Exemption::UserNamespace)),
    pod: None,
    container: Some(container),
    reason: |_| "procMount",
    detail,
};

fn container<'a>(_: &Context<'a>, fields: &ContainerFields<'a>, faults: &mut Faults<'a>) {
    if let Some(value) = fields.security.proc_mount.filter(|value| value.as_str() != Some("Default")) {
        faults.add(Found::bad(Setter::Container(fields.container), value, text(value)));
    }
}

fn detail(found: &[Found<'_>]) -> String {
    format!(
        "{} must not set securityContext.procMount to {}",
        containers(&container_names(found)),
        quoted(&bad_values(found))
    )
}
