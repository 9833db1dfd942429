//! The AppArmor profile that a host applies by default must not be replaced or disabled.
//!
//! | fields | allowed | from |
//! |---|---|---|
//! | `securityContext.appArmorProfile.type` of pod and containers | `RuntimeDefault`, `Localhost`; no profile | v1.0 |
//! | annotations `container.apparmor.security.beta.kubernetes.io/*` | empty, `runtime/default`, `localhost/*` | v1.0 |

use seaworthy_document::Value;

use super::Definition;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{ContainerFields, Context, below, text};
use crate::level::Level;
use crate::wording::{assignments, plural, quoted, setters, sorted};

pub(super) const DEFINITION: Definition = Definition {
    id: "appArmorProfile",
    level: Level::Baseline,
    since: 0,
    overrides: None,
    exempt: None,
    pod: Some(pod),
    container: Some(container),
    reason: |found| plural(values(found).len(), "forbidden AppArmor profile", "forbidden AppArmor profiles"),
    detail,
};

fn pod<'a>(context: &Context<'a>, faults: &mut Faults<'a>) {
    if let Some(profile) = context.security.app_armor_profile {
        judge(profile, Setter::Pod, faults);
    }
    for (key, value) in context.annotations.bad_app_armor() {
        faults.add(Found::bad(Setter::Annotation(key), value, text(value)));
    }
    if let Some(value) = context.annotations.malformed {
        faults.add(Found::bad(Setter::Annotation("metadata.annotations"), value, text(value)));
    }
}

fn container<'a>(context: &Context<'a>, fields: &ContainerFields<'a>, faults: &mut Faults<'a>) {
    let setter = Setter::Container(fields.container);
    match fields.security.app_armor_profile {
        Some(profile) => judge(profile, setter, faults),
        // The API server copies the annotation to the field of a new pod, unless the pod's profile says the same.
        None if context.pod_defaults
            && !context.windows
            && !is_unconfined(context.security.app_armor_profile) =>
        {
            if let Some(annotation) = context.annotations.unconfined(fields.container.name()) {
                faults.add(Found::bad(setter, annotation, "Unconfined"));
            }
        }
        None => {}
    }
}

fn judge<'a>(profile: Value<'a>, setter: Setter<'a>, faults: &mut Faults<'a>) {
    match below(profile, "type") {
        Some(kind) if matches!(kind.as_str(), Some("RuntimeDefault" | "Localhost")) => {}
        Some(kind) => faults.add(Found::bad(setter, kind, text(kind))),
        None => faults.add(Found { setter, value: profile, missing: Some("type"), bad: Some("") }),
    }
}

fn is_unconfined(profile: Option<Value<'_>>) -> bool {
    profile.is_some_and(|profile| {
        profile.get("type").and_then(|kind| kind.as_str()) == Some("Unconfined")
            && profile.get("localhostProfile").is_none()
    })
}

fn is_annotation(found: &Found<'_>) -> bool {
    matches!(found.setter, Setter::Annotation(_))
}

/// The types, then the annotations, as upstream lists them.
fn values(found: &[Found<'_>]) -> Vec<String> {
    let (annotations, fields): (Vec<&Found<'_>>, Vec<&Found<'_>>) =
        found.iter().partition(|found| is_annotation(found));
    let types = sorted(fields.into_iter().filter_map(|found| found.bad.map(str::to_owned)));
    types.into_iter().chain(assignments(annotations)).collect()
}

fn detail(found: &[Found<'_>]) -> String {
    let mut setters = setters(found);
    let annotations = found.iter().filter(|found| is_annotation(found)).count();
    if annotations > 0 {
        setters.push(plural(annotations, "annotation", "annotations").to_owned());
    }
    format!("{} must not set AppArmor profile type to {}", setters.join(" and "), quoted(&values(found)))
}
