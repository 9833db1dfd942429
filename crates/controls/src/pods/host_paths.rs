//! Volumes that are paths of the node, and which part of them containers see.

use std::collections::HashMap;

use seaworthy_document::Value;
use seaworthy_podsecurity::{Container, Pod};

/// A `hostPath` volume with its mounts.
pub(super) struct HostVolume<'a> {
    /// The path as it stands in the file.
    pub(super) value: Value<'a>,
    /// The path, [cleaned].
    pub(super) path: String,
    /// Where containers mount it, in the order of the pod's containers.
    pub(super) mounts: Vec<Mount<'a>>,
}

/// One item of `volumeMounts` that names a `hostPath` volume.
pub(super) struct Mount<'a> {
    /// The name of the container.
    pub(super) container: &'a str,
    /// The item.
    pub(super) value: Value<'a>,
    /// The path of the node that is mounted: that of the volume and the sub-path, [cleaned].
    pub(super) path: String,
    /// Whether it is mounted read-only.
    pub(super) read_only: bool,
}

/// The `hostPath` volumes of a pod. Those without a path are left out, since the API server refuses them, and so
/// are mounts of volumes that are not declared. Of volumes with the same name, refused as well, the last has the mounts.
pub(super) fn host_volumes<'a>(pod: &Pod<'a>) -> Vec<HostVolume<'a>> {
    let mut volumes = Vec::new();
    let mut by_name = HashMap::new();
    for volume in pod.volumes() {
        let path = volume.at(&["hostPath", "path"]).filter(|path| !path.text().is_empty());
        if let Some(value) = path {
            by_name.insert(volume.get("name").map_or("", |name| name.text()), volumes.len());
            volumes.push(HostVolume { value, path: cleaned(value.text()), mounts: Vec::new() });
        }
    }
    if volumes.is_empty() {
        return volumes;
    }
    for container in pod.containers() {
        for mount in container.value().get("volumeMounts").into_iter().flat_map(|mounts| mounts.items()) {
            let name = mount.get("name").map_or("", |name| name.text());
            if let Some(&index) = by_name.get(name) {
                let mount = Mount::read(container, mount, &volumes[index].path);
                volumes[index].mounts.push(mount);
            }
        }
    }
    volumes
}

impl<'a> Mount<'a> {
    fn read(container: Container<'a>, mount: Value<'a>, base: &str) -> Mount<'a> {
        let text = |key| mount.get(key).map(|value| value.text());
        let path = match (text("subPath"), text("subPathExpr")) {
            (Some(sub_path), _) => below(base, sub_path),
            (None, Some(expression)) => below(base, constant_part(expression)),
            (None, None) => base.to_owned(),
        };
        let read_only = mount.get("readOnly").and_then(|value| value.as_bool()) == Some(true);
        Mount { container: container.name(), value: mount, path, read_only }
    }
}

/// The folders of an expression before the first one that depends on a variable.
fn constant_part(expression: &str) -> &str {
    let constant = expression.split("$(").next().unwrap_or_default();
    match constant.len() == expression.len() {
        true => expression,
        false => constant.rsplit_once('/').map_or("", |(folders, _)| folders),
    }
}

/// A path below another one; it cannot leave it, since the API server refuses a sub-path with `..`.
fn below(base: &str, path: &str) -> String {
    cleaned(&format!("{base}/{}", cleaned(path)))
}

/// Folders that are links to others on nearly every node.
const LINKS: &[(&str, &str)] = &[
    ("/bin", "/usr/bin"),
    ("/lib", "/usr/lib"),
    ("/lib64", "/usr/lib64"),
    ("/sbin", "/usr/sbin"),
    ("/var/run", "/run"),
];

/// The one spelling of a path by which paths are compared: absolute, without `.`, `..`, double and trailing
/// slashes, and with the usual links of a node followed. A path of Windows loses its drive and is in small letters.
pub(crate) fn cleaned(path: &str) -> String {
    let windows = (!path.starts_with('/') && (path.contains('\\') || path.get(1..2) == Some(":")))
        .then(|| path.replace('\\', "/").to_ascii_lowercase());
    let path = windows.as_deref().unwrap_or(path);
    let path = if windows.is_some() { path.split_once(':').map_or(path, |(_, path)| path) } else { path };
    let mut folders = Vec::new();
    for folder in path.split('/') {
        match folder {
            "" | "." => {}
            ".." => drop(folders.pop()),
            folder => folders.push(folder),
        }
    }
    let path = format!("/{}", folders.join("/"));
    let link = LINKS.iter().find(|(link, _)| contains(link, &path));
    link.map_or(path.clone(), |(link, target)| format!("{target}{}", &path[link.len()..]))
}

/// Whether a path is another one or one of the folders above it; both [cleaned].
pub(super) fn contains(folder: &str, path: &str) -> bool {
    folder == "/" || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_spelling() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//etc/", "/etc"),
            ("/etc/./kubernetes//pki/", "/etc/kubernetes/pki"),
            ("/data/../../etc", "/etc"),
            ("etc", "/etc"),
            ("/var/run/docker.sock", "/run/docker.sock"),
            ("/var/runner", "/var/runner"),
            ("/lib", "/usr/lib"),
            ("/library", "/library"),
            (r"C:\Windows\System32", "/windows/system32"),
            ("c:/ProgramData", "/programdata"),
            (r"\\.\pipe\docker_engine", "/pipe/docker_engine"),
        ] {
            assert_eq!(cleaned(path), expected, "{path}");
        }
    }

    #[test]
    fn a_folder_contains_whole_segments() {
        assert!(contains("/", "/etc") && contains("/etc", "/etc") && contains("/etc", "/etc/ssl"));
        assert!(!contains("/etc", "/etcd") && !contains("/etc/ssl", "/etc"));
    }

    #[test]
    fn expressions_are_known_up_to_their_first_variable() {
        assert_eq!(below("/", "data/x"), "/data/x");
        assert_eq!(below("/data", "../../etc"), "/data/etc");
        assert_eq!(constant_part("logs/app-$(POD)/x"), "logs");
        assert_eq!(constant_part("$(POD)"), "");
        assert_eq!(constant_part("logs/app"), "logs/app");
    }
}
