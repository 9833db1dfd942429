//! Which claims pods mount, and how.

use rustc_hash::FxHashSet;
use seaworthy_podsecurity::Pod;

/// A claim that a pod mounts.
pub(super) struct Mounted<'a> {
    /// The name of the claim.
    pub(super) name: &'a str,
    /// Whether a container can write to it.
    pub(super) writable: bool,
}

/// The claims that a pod names, in the order of its volumes.
pub(super) fn mounted<'a>(pod: &Pod<'a>) -> Vec<Mounted<'a>> {
    let claims: Vec<_> = pod
        .volumes()
        .filter_map(|volume| {
            let claim = volume.get("persistentVolumeClaim")?;
            let read_only = claim.get("readOnly").and_then(|value| value.as_bool()) == Some(true);
            let volume = volume.get("name").map_or("", |name| name.text());
            Some((claim.get("claimName")?.as_str()?, volume, read_only))
        })
        .collect();
    if claims.is_empty() {
        return Vec::new();
    }
    let written = written(pod);
    claims
        .into_iter()
        .map(|(name, volume, read_only)| Mounted { name, writable: !read_only && written.contains(volume) })
        .collect()
}

/// The volumes that a container mounts, or uses as devices, and not read-only.
fn written<'a>(pod: &Pod<'a>) -> FxHashSet<&'a str> {
    let lists = pod.containers().flat_map(|container| {
        ["volumeMounts", "volumeDevices"].into_iter().filter_map(move |list| container.value().get(list))
    });
    lists
        .flat_map(|list| list.items())
        .filter(|mount| mount.get("readOnly").and_then(|value| value.as_bool()) != Some(true))
        .filter_map(|mount| mount.get("name")?.as_str())
        .collect()
}
