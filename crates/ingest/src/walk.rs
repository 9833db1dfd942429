//! Which files of a folder are read.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::{WalkBuilder, WalkState};
use seaworthy_evidence::configuration;

use crate::collect::{Options, display_name};
use crate::skip::{SkipReason, Skipped};

/// The files below a folder that can hold manifests, sorted, and what was passed over.
pub(crate) fn files_below(root: &Path, options: &Options) -> (Vec<PathBuf>, Vec<Skipped>) {
    let found = Mutex::new(Found::default());
    let everything = options.hidden;
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .ignore(options.respect_ignore_files)
        .git_ignore(options.respect_ignore_files)
        .git_exclude(options.respect_ignore_files)
        .git_global(false)
        .parents(options.respect_ignore_files)
        .require_git(false)
        .follow_links(false)
        .filter_entry(move |entry| everything || entry.depth() == 0 || !is_passed_over(entry.path()))
        .threads(std::thread::available_parallelism().map_or(1, usize::from).min(8))
        .build_parallel();
    walk.run(|| {
        let mut batch = Batch { all: &found, own: Found::default() };
        Box::new(move |entry| {
            match entry {
                Err(error) => batch.own.skipped.push(Skipped {
                    path: root.display().to_string(),
                    reason: SkipReason::Unreadable(error.to_string()),
                }),
                Ok(entry) if entry.depth() > 0 && options.exclude.covers(entry.path()) => {
                    let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                    if folder || is_manifest(entry.path()) {
                        let path = entry.path().display().to_string();
                        batch.own.skipped.push(Skipped { path, reason: SkipReason::Excluded });
                    }
                    return WalkState::Skip;
                }
                Ok(entry) => match entry.file_type() {
                    Some(kind) if kind.is_file() && is_manifest(entry.path()) => {
                        batch.own.files.push(entry.into_path());
                    }
                    Some(kind) if kind.is_symlink() => batch.link(root, entry.path()),
                    _ => {}
                },
            }
            WalkState::Continue
        })
    });
    let Found { mut files, links, mut skipped } = found.into_inner().unwrap_or_default();
    if !links.is_empty() {
        add_links(&mut files, links);
    }
    files.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    skipped.sort_by(|a, b| a.path.cmp(&b.path));
    (files, skipped)
}

#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    /// Links to files inside the folder.
    links: Vec<PathBuf>,
    skipped: Vec<Skipped>,
}

/// What one thread has found; handed over when the thread is done.
struct Batch<'m> {
    all: &'m Mutex<Found>,
    own: Found,
}

impl Batch<'_> {
    /// A link to a manifest inside the folder is read (mounted ConfigMaps are made of such links); every other link
    /// could lead anywhere, or round in circles.
    fn link(&mut self, root: &Path, path: &Path) {
        let target = fs::canonicalize(path);
        let inside = |target: &PathBuf| fs::canonicalize(root).is_ok_and(|root| target.starts_with(root));
        match target {
            Ok(target) if target.is_file() && is_manifest(path) && inside(&target) => {
                self.own.links.push(path.to_owned());
            }
            Ok(target) if target.is_file() && !is_manifest(path) => {}
            _ => {
                self.own.skipped.push(Skipped { path: path.display().to_string(), reason: SkipReason::Link });
            }
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if let Ok(mut all) = self.all.lock() {
            all.files.append(&mut self.own.files);
            all.links.append(&mut self.own.links);
            all.skipped.append(&mut self.own.skipped);
        }
    }
}

/// Adds the links whose files are not read anyway.
fn add_links(files: &mut Vec<PathBuf>, mut links: Vec<PathBuf>) {
    let mut seen: HashSet<PathBuf> = files.iter().filter_map(|file| fs::canonicalize(file).ok()).collect();
    links.sort_unstable();
    files.extend(
        links.into_iter().filter(|link| fs::canonicalize(link).is_ok_and(|target| seen.insert(target))),
    );
}

/// Whether kubectl would read the file when given its folder, by its ending, or Kustomize would, or it is a configuration
/// file that controls know by its name.
fn is_manifest(path: &Path) -> bool {
    // The one name without an ending under which Kustomize looks for its file.
    if path.file_name().is_some_and(|name| name == "Kustomization") {
        return true;
    }
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known))
        || configuration::is_configuration_name(&display_name(path))
}

/// Whether a file or folder is hidden and none of those that hold pipelines.
fn is_passed_over(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let inside = |folder| path.parent().and_then(Path::file_name).is_some_and(|name| name == folder);
    match name {
        ".github" | ".gitlab-ci.yml" | ".tekton" => false,
        name => name.starts_with('.') || (inside(".github") && name != "workflows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_hidden_files_only_pipelines_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [
            ".git/config.yaml",
            ".github/dependabot.yml",
            ".github/workflows/deploy.yml",
            ".gitlab-ci.yml",
            ".hidden/a.yaml",
            ".tekton/push.yaml",
            "k8s/.b.yaml",
            "k8s/web.yaml",
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, "a: b\n").expect("written");
        }
        let names = |options: &Options| -> Vec<String> {
            let (files, _) = files_below(folder.path(), options);
            let below = files.iter().filter_map(|file| file.strip_prefix(folder.path()).ok());
            below.map(|file| file.to_string_lossy().replace('\\', "/")).collect()
        };
        let read = names(&Options::default());
        assert_eq!(
            read,
            [".github/workflows/deploy.yml", ".gitlab-ci.yml", ".tekton/push.yaml", "k8s/web.yaml"]
        );
        assert_eq!(names(&Options { hidden: true, ..Options::default() }).len(), 8);
    }
}
