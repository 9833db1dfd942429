//! Seccomp filtering must not be switched off.
//!
//! | fields | allowed | from |
//! |---|---|---|
//! | annotations `seccomp.security.alpha.kubernetes.io/pod` and, for every container, `container.seccomp.security.alpha.kubernetes.io/<name>` | `runtime/default`, `docker/default`, `localhost/*`; absent | v1.0 to v1.18 |
//! | `securityContext.seccompProfile.type` of pod and containers | `RuntimeDefault`, `Localhost`; no profile | v1.19 |

use seaworthy_document::Value;

use super::Definition;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, Context, below, text};
use crate::level::Level;
use crate::wording::{assignments, bad_values, plural, quoted, setters};

pub(super) const DEFINITION: Definition = Definition {
    id: "seccompProfile_baseline",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: None,
    pod: Some(pod),
    container: Some(container),
    reason: |_| "seccompProfile",
    detail,
};

/// The first minor version that judges the fields and not the annotations.
const FIELDS_SINCE: u32 = 19;

fn pod<'a>(context: &Context<'a>, faults: &mut Faults<'a>) {
    if context.minor >= FIELDS_SINCE {
        judge(context.security.seccomp_profile, Setter::Pod, faults);
        return;
    }
    if let Some((key, value)) = context.annotations.bad_seccomp_of_pod() {
        faults.add(Found::bad(Setter::Annotation(key), value, text(value)));
    }
    if let Some(value) = context.annotations.malformed {
        faults.add(Found::bad(Setter::Annotation("metadata.annotations"), value, text(value)));
    }
}

fn container<'a>(context: &Context<'a>, fields: &ContainerFields<'a>, faults: &mut Faults<'a>) {
    if context.minor >= FIELDS_SINCE {
        judge(fields.security.seccomp_profile, Setter::Container(fields.container), faults);
    } else if let Some((key, value)) = context.annotations.bad_seccomp_of(fields.container.name()) {
        faults.add(Found::bad(Setter::Annotation(key), value, text(value)));
    }
}

/// Finds a profile that is set to a type that is not allowed.
pub(super) fn judge<'a>(profile: Option<Value<'a>>, setter: Setter<'a>, faults: &mut Faults<'a>) {
    let Some(profile) = profile.filter(|profile| !is_allowed(*profile)) else { return };
    match below(profile, "type") {
        Some(kind) => faults.add(Found::bad(setter, kind, text(kind))),
        None => faults.add(Found { setter, value: profile, missing: Some("type"), bad: Some("") }),
    }
}

/// Whether a profile has an allowed type.
pub(super) fn is_allowed(profile: Value<'_>) -> bool {
    matches!(profile.get("type").and_then(|kind| kind.as_str()), Some("RuntimeDefault" | "Localhost"))
}

fn detail(found: &[Found<'_>]) -> String {
    let annotations = assignments(found);
    if annotations.is_empty() {
        return fields_detail(found);
    }
    format!("forbidden {} {}", plural(annotations.len(), "annotation", "annotations"), annotations.join(", "))
}

/// The words for what [`judge`] found.
pub(super) fn fields_detail(found: &[Found<'_>]) -> String {
    let values = quoted(&bad_values(found));
    format!("{} must not set securityContext.seccompProfile.type to {values}", setters(found).join(" and "))
}
