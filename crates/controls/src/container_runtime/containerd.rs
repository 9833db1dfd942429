//! The configuration of containerd: the parts of its CRI plugin, which changed their names with each version of the
//! file (`docs/cri/config.md` of containerd).

use seaworthy_document::Value;

/// Names of the CRI plugin: version 2 of the file, the two halves of version 3, and version 1.
const PLUGINS: &[&str] =
    &["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images", "cri"];

/// The sections of the CRI plugin.
pub(super) fn cri(root: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let plugins = root.get("plugins");
    PLUGINS.iter().filter_map(move |name| plugins?.get(name))
}

/// A setting of the CRI plugin.
pub(super) fn setting<'a>(root: Value<'a>, path: &[&str]) -> Option<Value<'a>> {
    cri(root).find_map(|plugin| plugin.at(path))
}

/// The names of the runtimes that are configured.
pub(super) fn runtimes(root: Value<'_>) -> impl Iterator<Item = &str> {
    let sections = cri(root).filter_map(|plugin| plugin.at(&["containerd", "runtimes"]));
    sections.flat_map(|runtimes| runtimes.entries()).map(|(name, _)| name.text())
}

/// Whether other files add to this one.
pub(super) fn has_imports(root: Value<'_>) -> bool {
    root.get("imports").is_some_and(|imports| imports.items().next().is_some())
}
