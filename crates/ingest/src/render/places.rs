//! Where folders lie that objects of a repository point to.

use std::path::{Path, PathBuf};

use super::paths::normal;
use crate::collect::display_name;

/// The folders of a scan.
pub(crate) struct Places {
    /// Each folder, absolute, and as the person named it.
    scanned: Vec<(PathBuf, PathBuf)>,
    /// Roots of the repositories that the folders belong to: paths in objects start there.
    roots: Vec<PathBuf>,
    here: Option<PathBuf>,
}

impl Places {
    pub(crate) fn new(folders: &[PathBuf]) -> Places {
        let scanned: Vec<_> = folders.iter().map(|folder| (normal(folder), folder.clone())).collect();
        let mut roots: Vec<PathBuf> = Vec::new();
        for (folder, _) in &scanned {
            let repository = folder.ancestors().find(|folder| folder.join(".git").exists());
            for root in repository.into_iter().chain([folder.as_path()]) {
                if !roots.iter().any(|known| known == root) {
                    roots.push(root.to_owned());
                }
            }
        }
        Places { scanned, roots, here: std::env::current_dir().ok() }
    }

    /// The folders that links may lead to, without links.
    pub(crate) fn bounds(&self) -> Vec<PathBuf> {
        self.roots.iter().filter_map(|root| root.canonicalize().ok()).collect()
    }

    /// The scanned folder that a path in a repository means.
    pub(crate) fn folder(&self, path: &str) -> Option<PathBuf> {
        self.find(path, |at| at.is_dir() && self.scanned.iter().any(|(folder, _)| at.starts_with(folder)))
    }

    /// The file that a path in a repository means.
    pub(crate) fn file(&self, path: &str) -> Option<PathBuf> {
        self.find(path, |at| self.holds(at))
    }

    /// Whether a file lies in a repository that is scanned, links followed.
    pub(crate) fn holds(&self, file: &Path) -> bool {
        file.is_file()
            && file.canonicalize().is_ok_and(|file| self.bounds().iter().any(|root| file.starts_with(root)))
    }

    fn find(&self, path: &str, fits: impl Fn(&Path) -> bool) -> Option<PathBuf> {
        let path = path.trim_start_matches('/');
        self.roots
            .iter()
            .map(|root| (root, normal(&root.join(path))))
            .find(|(root, at)| at.starts_with(root) && fits(at))
            .map(|(_, at)| at)
    }

    /// A path as the person would write it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        for (folder, named) in &self.scanned {
            if let Ok(rest) = path.strip_prefix(folder) {
                // Nothing joined to a name would end it in a slash.
                let empty = rest.as_os_str().is_empty();
                return display_name(&if empty { named.clone() } else { named.join(rest) });
            }
        }
        let rest = self.here.as_ref().and_then(|here| path.strip_prefix(here).ok());
        display_name(rest.unwrap_or(path))
    }
}
