//! Containers must declare that they do not run as root; a container may rely on the pod.
//!
//! | fields | allowed | from |
//! |---|---|---|
//! | `securityContext.runAsNonRoot` of the pod | `true`; absent if every container sets it | v1.0 |
//! | `securityContext.runAsNonRoot` of every container | `true`; absent if the pod sets it | v1.0 |
//!
//! Pods in a user namespace are exempt from v1.35 on.

use super::{Definition, Exemption};
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, Context};
use crate::level::Level;
use crate::wording::{container_names, containers, explicit, setters};

pub(super) const DEFINITION: Definition = Definition {
    id: "runAsNonRoot",
    level: Level::Restricted,
    since: 0,
    overrides: None,
    exempt: Some((35, Exemption::UserNamespace)),
    pod: Some(pod),
    container: Some(container),
    reason: |_| "runAsNonRoot != true",
    detail,
};

fn pod<'a>(context: &Context<'a>, faults: &mut Faults<'a>) {
    if let Some(value) = context.security.run_as_non_root.filter(|value| value.as_bool() != Some(true)) {
        faults.add(Found::bad(Setter::Pod, value, value.text()));
    }
}

fn container<'a>(context: &Context<'a>, fields: &ContainerFields<'a>, faults: &mut Faults<'a>) {
    let setter = Setter::Container(fields.container);
    let inherited = context.security.run_as_non_root.and_then(|value| value.as_bool());
    match fields.security.run_as_non_root {
        Some(value) if value.as_bool() == Some(true) => {}
        Some(value) => faults.add(Found::bad(setter, value, value.text())),
        None if inherited == Some(true) => {}
        None => {
            let (value, missing) = fields.above(["securityContext.runAsNonRoot", "runAsNonRoot"]);
            faults.add(Found { setter, value, missing: Some(missing), bad: None });
        }
    }
}

fn detail(found: &[Found<'_>]) -> String {
    match explicit(found) {
        Some(explicit) => {
            format!("{} must not set securityContext.runAsNonRoot=false", setters(&explicit).join(" and "))
        }
        None => format!(
            "pod or {} must set securityContext.runAsNonRoot=true",
            containers(&container_names(found))
        ),
    }
}
