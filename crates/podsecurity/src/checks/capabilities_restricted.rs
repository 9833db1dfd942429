//! Containers must drop all capabilities and may add back the one to bind low ports.
//!
//! | fields of every container | allowed | from |
//! |---|---|---|
//! | `securityContext.capabilities.drop` | must hold `ALL` | v1.22 |
//! | `securityContext.capabilities.add[*]` | `NET_BIND_SERVICE` | v1.22 |
//!
//! Pods for Windows are exempt from v1.25 on.

use super::{Definition, Exemption, capabilities_baseline};
use crate::check::Check;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, Context, below};
use crate::level::Level;
use crate::wording::{container_names, containers, explicit};

pub(super) const DEFINITION: Definition = Definition {
    id: "capabilities_restricted",
    level: Level::Restricted,
    since: 22,
    overrides: Some(Check::CapabilitiesBaseline),
    exempt: Some((25, Exemption::Windows)),
    pod: None,
    container: Some(container),
    reason: |_| "unrestricted capabilities",
    detail,
};

fn container<'a>(_: &Context<'a>, fields: &ContainerFields<'a>, faults: &mut Faults<'a>) {
    let setter = Setter::Container(fields.container);
    let capabilities = fields.security.capabilities;
    let (value, missing) = match capabilities.map(|capabilities| (capabilities, below(capabilities, "drop")))
    {
        Some((_, Some(drop))) if drop.items().any(|capability| capability.as_str() == Some("ALL")) => {
            (None, None)
        }
        Some((_, Some(drop))) => (Some(drop), None),
        Some((capabilities, None)) => (Some(capabilities), Some("drop")),
        None => {
            let (value, missing) = fields.above(["securityContext.capabilities.drop", "capabilities.drop"]);
            (Some(value), Some(missing))
        }
    };
    if let Some(value) = value {
        faults.add(Found { setter, value, missing, bad: None });
    }
    capabilities_baseline::added(fields, &["NET_BIND_SERVICE"], faults);
}

fn detail(found: &[Found<'_>]) -> String {
    let mut parts = Vec::new();
    let not_dropping = container_names(found.iter().filter(|found| found.bad.is_none()));
    if !not_dropping.is_empty() {
        parts.push(format!(
            "{} must set securityContext.capabilities.drop=[\"ALL\"]",
            containers(&not_dropping)
        ));
    }
    parts.extend(explicit(found).map(|added| capabilities_baseline::detail(&added)));
    parts.join("; ")
}
