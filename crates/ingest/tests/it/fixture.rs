//! A small repository in a temporary folder, and what is collected from it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use oracle_client::Skip;
use seaworthy_evidence::SourceFile;
use seaworthy_ingest::{Collected, Options, RenderOptions, collect};
use tempfile::TempDir;

/// Files that are written for a test.
pub(crate) struct Repository {
    folder: TempDir,
}

impl Repository {
    /// Writes files, each a path and a text.
    pub(crate) fn new(files: &[(&str, &str)]) -> Repository {
        let repository = Repository { folder: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(name, text)| repository.write(name, text));
        repository
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Collects everything, rendered by the real programs.
    pub(crate) fn collect(&self) -> Result<Seen, Skip> {
        self.collect_with(options()?)
    }

    pub(crate) fn collect_with(&self, options: RenderOptions) -> Result<Seen, Skip> {
        Ok(self.collect_folder("", options))
    }

    /// Collects a folder.
    pub(crate) fn collect_folder(&self, folder: &str, render: RenderOptions) -> Seen {
        let root = self.path();
        let options = Options { render: Some(render), ..Options::default() };
        let folder = if folder.is_empty() { root.clone() } else { root.join(folder) };
        let collected = collect(&[folder], &options, &|_| {}).unwrap();
        Seen { collected, root: format!("{}/", root.display()) }
    }
}

/// Rendering with the real programs.
pub(crate) fn options() -> Result<RenderOptions, Skip> {
    let search_path = oracle_client::programs()?.into_os_string();
    Ok(RenderOptions { search_path, timeout: Duration::from_secs(60), ..RenderOptions::default() })
}

/// What was collected.
pub(crate) struct Seen {
    pub(crate) collected: Collected,
    root: String,
}

impl Seen {
    /// The files that are judged, those that were rendered with what rendered them.
    pub(crate) fn files(&self) -> Vec<String> {
        let name = |file: &SourceFile| match &file.origin {
            None => file.name.clone(),
            Some(origin) => format!("rendered {origin}"),
        };
        self.collected.files.iter().map(|file| name(file).replace(&self.root, "")).collect()
    }

    /// What leaves a gap, as `path: reason`.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let gaps = self.collected.skipped.iter().filter(|skipped| skipped.reason.leaves_gap());
        gaps.map(|skipped| format!("{}: {}", skipped.path, skipped.reason).replace(&self.root, "")).collect()
    }

    /// The rendered texts, one after the other.
    pub(crate) fn text(&self) -> String {
        let rendered = self.collected.files.iter().filter(|file| file.origin.is_some());
        rendered.map(|file| file.stream.text()).collect()
    }

    /// Where the first rendered line comes from that says this, as `file:line:column`; a `~` before it says that it
    /// is only the nearest place.
    pub(crate) fn place(&self, text: &str) -> String {
        for file in &self.collected.files {
            let Some(origin) = &file.origin else { continue };
            let Some(index) = file.stream.text().lines().position(|line| line.trim() == text) else {
                continue;
            };
            return match origin.written(index as u32 + 1) {
                None => "nowhere".to_owned(),
                Some(written) => {
                    let mark = if written.exact { "" } else { "~" };
                    let file = origin.file(written).unwrap().replace(&self.root, "");
                    format!("{mark}{file}:{}:{}", written.line, written.column)
                }
            };
        }
        panic!("no rendered line says `{text}`:\n{}", self.text());
    }
}

/// Makes a link.
#[cfg(unix)]
pub(crate) fn link(target: &str, at: &Path) {
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(target, at).unwrap();
}

/// Runs a test body, or says why it is skipped.
macro_rules! or_skip {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(skip) => return skip.announce(),
        }
    };
}
pub(crate) use or_skip;
