//! Snapshots: the evidence of a cluster as one archive, so that it can be judged later and elsewhere with the same result.
//!
//! Each text of the evidence is a file in it, under its own name; paths of the API lose their first slash and get an ending,
//! since `/api/v1/namespaces/shop` is an object and a folder of others at once. The record of the collection is
//! `collection.json`, by which a snapshot is known.

mod frames;
mod read;
mod tape;
mod write;

use rayon::prelude::*;
use seaworthy_evidence::{SourceFile, embedded_files};

pub(crate) use read::{Snapshot, read_archive};
pub use write::{Draft, write};

/// The record of the collection, first in every archive.
const RECORD: &str = "collection.json";

/// Longest name of a text.
const MAX_NAME: usize = 4096;

/// Puts the texts of a cluster in the order in which they are judged, wherever they come from: by name, each with the
/// configuration files that lie inside it behind it.
pub fn arranged(mut files: Vec<SourceFile>) -> Vec<SourceFile> {
    files.retain(|file| !file.embedded);
    files.par_sort_by(|a, b| a.name.cmp(&b.name));
    let embedded: Vec<Vec<SourceFile>> = files.par_iter().with_min_len(64).map(embedded_files).collect();
    let mut all = Vec::with_capacity(files.len() + embedded.iter().map(Vec::len).sum::<usize>());
    for (file, embedded) in files.into_iter().zip(embedded) {
        all.push(file);
        all.extend(embedded);
    }
    all
}

/// The path in an archive of a text, when its name can be one.
fn entry_of(name: &str) -> Option<String> {
    let path = match name.strip_prefix('/') {
        Some(path) if is_of_api(path) => format!("{path}.json"),
        Some(_) => return None,
        None => name.to_owned(),
    };
    is_plain(&path).then_some(path)
}

/// The name of the text at a path in an archive; `None` when it is none that a snapshot holds.
fn name_of(path: &str) -> Option<String> {
    let path = path.strip_prefix("./").unwrap_or(path);
    if !is_plain(path) {
        return None;
    }
    match path.strip_suffix(".json") {
        Some(object) if is_of_api(object) => Some(format!("/{object}")),
        _ if is_of_api(path) => None,
        _ if path == RECORD || path.starts_with("components/") || path.starts_with("nodes/") => {
            Some(path.to_owned())
        }
        _ => None,
    }
}

fn is_of_api(path: &str) -> bool {
    path.starts_with("api/") || path.starts_with("apis/")
}

/// Whether a path leads nowhere but down, on every system.
fn is_plain(path: &str) -> bool {
    let is_step = |step: &str| !matches!(step, "" | "." | "..");
    path.len() <= MAX_NAME
        && path.split('/').all(is_step)
        && !path.contains(|c: char| c == '\\' || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_belong_to_each_other() {
        for (name, path) in [
            ("collection.json", "collection.json"),
            ("/api/v1/namespaces/shop", "api/v1/namespaces/shop.json"),
            ("/api/v1/namespaces/shop/configmaps/a.json", "api/v1/namespaces/shop/configmaps/a.json.json"),
            (
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
                "apis/rbac.authorization.k8s.io/v1/clusterroles/system:node.json",
            ),
            ("components/kubelet@n1.json", "components/kubelet@n1.json"),
            ("nodes/n1/var/lib/kubelet/config.yaml", "nodes/n1/var/lib/kubelet/config.yaml"),
        ] {
            assert_eq!(entry_of(name).as_deref(), Some(path));
            assert_eq!(name_of(path).as_deref(), Some(name));
            assert_eq!(name_of(&format!("./{path}")).as_deref(), Some(name));
        }
        for path in [
            "",
            "/etc/passwd",
            "/api/v1/pods/a.json",
            "../api/v1/a.json",
            "api/../../a.json",
            "api/v1//a.json",
            "nodes/n1/..",
            "nodes\\n1",
            "nodes/a\nb",
            "README.md",
            "api/v1/pods/a",
        ] {
            assert_eq!(name_of(path), None, "{path}");
        }
        assert_eq!(entry_of("/etc/passwd"), None);
        assert_eq!(entry_of("nodes/../x"), None);
    }
}
