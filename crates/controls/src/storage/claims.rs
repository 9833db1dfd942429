//! Which claims pods mount, and how.

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
    let claims = pod.volumes().filter_map(|volume| {
        let claim = volume.get("persistentVolumeClaim")?;
        let name = claim.get("claimName")?.as_str()?;
        let read_only = claim.get("readOnly").and_then(|value| value.as_bool()) == Some(true);
        let volume = volume.get("name").map_or("", |name| name.text());
        Some(Mounted { name, writable: !read_only && is_written(pod, volume) })
    });
    claims.collect()
}

/// Whether a container mounts a volume, or uses it as a device, and not read-only.
fn is_written(pod: &Pod<'_>, volume: &str) -> bool {
    pod.containers().any(|container| {
        ["volumeMounts", "volumeDevices"].iter().any(|list| {
            container.value().get(list).into_iter().flat_map(|mounts| mounts.items()).any(|mount| {
                mount.get("name").is_some_and(|name| name.text() == volume)
                    && mount.get("readOnly").and_then(|value| value.as_bool()) != Some(true)
            })
        })
    })
}
