//! The kubeconfigs of this machine that somebody named or that lie where kubectl looks.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Most files that are looked at.
const MOST: usize = 50;

/// The one of this run first, then those of `KUBECONFIG` and of `~/.kube`, each once.
pub(super) fn kubeconfigs(given: Option<&Path>) -> Vec<PathBuf> {
    let named = env::var_os("KUBECONFIG").unwrap_or_default();
    let named = env::split_paths(&named).filter(|path| !path.as_os_str().is_empty());
    let home = env::home_dir().map(|home| home.join(".kube"));
    let mut lying: Vec<PathBuf> = home.iter().flat_map(|folder| of_folder(folder)).collect();
    lying.sort_by_key(|path| (!path.ends_with("config"), path.clone()));
    let mut found: Vec<PathBuf> = Vec::new();
    for path in given.map(Path::to_owned).into_iter().chain(named).chain(lying) {
        let path = fs::canonicalize(&path).unwrap_or(path);
        if !found.contains(&path) && found.len() < MOST {
            found.push(path);
        }
    }
    found
}

/// Files that are called as kubeconfigs are: other files lie beside them.
fn of_folder(folder: &Path) -> Vec<PathBuf> {
    let is_called = |path: &Path| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        path.file_name().is_some_and(|name| name == "config" || name.to_string_lossy().starts_with("config"))
            || matches!(ending, Some("conf" | "config" | "kubeconfig" | "yaml" | "yml"))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_file() && is_called(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_names() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["config", "config.old", "prod.yaml", "kuberc", "notes.txt"] {
            fs::write(folder.path().join(name), "").expect("a file");
        }
        let mut found: Vec<_> = of_folder(folder.path())
            .iter()
            .filter_map(|path| path.file_name())
            .map(|name| name.to_owned())
            .collect();
        found.sort();
        assert_eq!(found, ["config", "config.old", "prod.yaml"]);
    }
}
