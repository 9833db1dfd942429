//! Files and folders that a person wants left out.

use std::path::Path;

use seaworthy_policy::{PathPattern, absolute_path, path_below};

/// Patterns of files and folders that are not read when they are found in a folder.
#[derive(Clone, Debug, Default)]
pub struct Exclude {
    /// The patterns.
    pub patterns: Vec<PathPattern>,
    /// The folder that they are meant from, absolute.
    pub folder: Option<String>,
    /// The folder that relative paths are meant from, absolute.
    pub working_directory: Option<String>,
}

impl Exclude {
    /// Whether a path, or a folder above it, is to be left out.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let path = path.to_string_lossy();
        let path = if cfg!(windows) { path.replace('\\', "/") } else { path.into_owned() };
        let path = absolute_path(&path, self.working_directory.as_deref());
        path_below(&path, self.folder.as_deref())
            .is_some_and(|path| self.patterns.iter().any(|pattern| pattern.matches(path)))
    }
}
