//! Only volumes that belong to the pod or come from the API may be mounted.
//!
//! | fields of the pod | allowed | from |
//! |---|---|---|
//! | `volumes[*]` | the types in [`ALLOWED`]; no type, which the API turns into `emptyDir` | v1.0 |
//!
//! A volume of a type that is not known here is refused.

use seaworthy_document::Value;

use super::Definition;
use crate::check::Check;
use crate::failure::{Faults, Found, Setter};
use crate::fields::{Context, is_item, text};
use crate::level::Level;
use crate::pod::items;
use crate::wording::{bad_values, plural, quoted};

pub(super) const DEFINITION: Definition = Definition {
    id: "restrictedVolumes",
    level: Level::Restricted,
    since: 0,
    overrides: Some(Check::HostPathVolumes),
    exempt: None,
    pod: Some(pod),
    container: None,
    reason: |_| "restricted volume types",
    detail,
};

const ALLOWED: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// In upstream's order: the first that is set names the type.
const RESTRICTED: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

fn pod<'a>(context: &Context<'a>, faults: &mut Faults<'a>) {
    for volume in volumes(context) {
        if let Some(kind) = restricted_type(volume) {
            faults.add(Found::bad(Setter::Volume(name(volume)), volume, kind));
        }
    }
}

/// The type of a volume, or `None` when it is allowed.
fn restricted_type(volume: Value<'_>) -> Option<&'static str> {
    if volume.is_null() {
        return None;
    }
    let allowed = |key: &&str| volume.get(key).is_some_and(|source| source.is_mapping());
    let mut sources = volume.entries().filter(|(key, value)| key.text() != "name" && !value.is_null());
    let no_source = volume.is_mapping() && sources.next().is_none();
    if is_item(volume) && (no_source || ALLOWED.iter().any(allowed)) {
        return None;
    }
    Some(RESTRICTED.into_iter().find(|key| volume.get(key).is_some()).unwrap_or("unknown"))
}

/// The items of `volumes`, or what stands there instead of a list.
pub(super) fn volumes<'a>(context: &Context<'a>) -> impl Iterator<Item = Value<'a>> + use<'a> {
    items(context.volumes)
}

pub(super) fn name(volume: Value<'_>) -> &str {
    volume.get("name").map_or("", text)
}

/// The names of the volumes at fault, in the order of the pod.
pub(super) fn names<'a>(found: &[Found<'a>]) -> Vec<&'a str> {
    let names = found.iter().filter_map(|found| match found.setter {
        Setter::Volume(name) => Some(name),
        _ => None,
    });
    names.collect()
}

fn detail(found: &[Found<'_>]) -> String {
    let names = names(found);
    let types = bad_values(found);
    format!(
        "{} {} {} {} {}",
        plural(names.len(), "volume", "volumes"),
        quoted(&names),
        plural(names.len(), "uses", "use"),
        plural(types.len(), "restricted volume type", "restricted volume types"),
        quoted(&types)
    )
}
