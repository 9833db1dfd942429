//! A seccomp profile must be set; a container may rely on the pod.
//!
//! | fields | allowed | from |
//! |---|---|---|
//! | `securityContext.seccompProfile.type` of the pod | `RuntimeDefault`, `Localhost`; no profile if every container has one | v1.19 |
//! | `securityContext.seccompProfile.type` of every container | `RuntimeDefault`, `Localhost`; no profile if the pod's is allowed | v1.19 |
//!
//! Pods for Windows are exempt from v1.25 on.

use super::seccomp_profile_baseline::{fields_detail, is_allowed, judge};
use super::{Definition, Exemption};
use crate::check::Check;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, Context};
use crate::level::Level;
use crate::wording::{container_names, containers, explicit};

pub(super) const DEFINITION: Definition = Definition {
    id: "seccompProfile_restricted",
    level: Level::Restricted,
    since: 19,
    overrides: Some(Check::SeccompProfileBaseline),
    exempt: Some((25, Exemption::Windows)),
    pod: Some(|context, faults| judge(context.security.seccomp_profile, Setter::Pod, faults)),
    container: Some(container),
    reason: |_| "seccompProfile",
    detail,
};

fn container<'a>(context: &Context<'a>, fields: &ContainerFields<'a>, faults: &mut Faults<'a>) {
    let setter = Setter::Container(fields.container);
    if fields.security.seccomp_profile.is_some() {
        judge(fields.security.seccomp_profile, setter, faults);
    } else if !context.security.seccomp_profile.is_some_and(is_allowed) {
        let (value, missing) = fields.above(["securityContext.seccompProfile", "seccompProfile"]);
        faults.add(Found { setter, value, missing: Some(missing), bad: None });
    }
}

fn detail(found: &[Found<'_>]) -> String {
    match explicit(found) {
        Some(explicit) => fields_detail(&explicit),
        None => format!(
            "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
            containers(&container_names(found))
        ),
    }
}
