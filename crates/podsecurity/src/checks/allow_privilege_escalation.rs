//! Programs must not gain privileges that their parent does not have, as by set-user-ID files.
//!
//! | fields of every container | allowed | from |
//! |---|---|---|
//! | `securityContext.allowPrivilegeEscalation` | `false` | v1.8 |
//!
//! Pods for Windows are exempt from v1.25 on.

use super::{Definition, Exemption};
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, Context};
use crate::level::Level;
use crate::wording::{container_names, containers};

pub(super) const DEFINITION: Definition = Definition {
    id: "allowPrivilegeEscalation",
    level: Level::Restricted,
    since: 8,
    overrides: None,
    exempt: Some((25, Exemption::Windows)),
    pod: None,
    container: Some(container),
    reason: |_| "allowPrivilegeEscalation != false",
    detail,
};

fn container<'a>(_: &Context<'a>, fields: &ContainerFields<'a>, faults: &mut Faults<'a>) {
    let setter = Setter::Container(fields.container);
    match fields.security.allow_privilege_escalation {
        None => {
            let paths = ["securityContext.allowPrivilegeEscalation", "allowPrivilegeEscalation"];
            let (value, missing) = fields.above(paths);
            faults.add(Found { setter, value, missing: Some(missing), bad: None });
        }
        Some(value) if value.as_bool() == Some(false) => {}
        Some(value) => faults.add(Found::bad(setter, value, value.text())),
    }
}

fn detail(found: &[Found<'_>]) -> String {
    format!("{} must set securityContext.allowPrivilegeEscalation=false", containers(&container_names(found)))
}
