//! Which files of a folder are read.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::{WalkBuilder, WalkState};

use crate::collect::{Options, SkipReason, Skipped};

/// The files below a folder that can hold manifests, sorted, and what was passed over.
pub(crate) fn files_below(root: &Path, options: &Options) -> (Vec<PathBuf>, Vec<Skipped>) {
    let found = Mutex::new((Vec::new(), Vec::new()));
    let walk = WalkBuilder::new(root)
        .hidden(!options.hidden)
        .ignore(options.respect_ignore_files)
        .git_ignore(options.respect_ignore_files)
        .git_exclude(options.respect_ignore_files)
        .git_global(false)
        .parents(options.respect_ignore_files)
        .require_git(false)
        .follow_links(false)
        .threads(std::thread::available_parallelism().map_or(1, usize::from).min(8))
        .build_parallel();
    walk.run(|| {
        let mut files = Batch { found: &found, files: Vec::new(), skipped: Vec::new() };
        Box::new(move |entry| {
            match entry {
                Err(error) => files.skipped.push(Skipped {
                    path: root.display().to_string(),
                    reason: SkipReason::Unreadable(error.to_string()),
                }),
                Ok(entry) => match entry.file_type() {
                    Some(kind) if kind.is_file() && is_manifest(entry.path()) => {
                        files.files.push(entry.into_path());
                    }
                    Some(kind) if kind.is_symlink() => files.link(root, entry.path()),
                    _ => {}
                },
            }
            WalkState::Continue
        })
    });
    let (mut files, mut skipped) = found.into_inner().unwrap_or_default();
    files.sort();
    skipped.sort_by(|a: &Skipped, b| a.path.cmp(&b.path));
    let files = without_doubles(files);
    (files, skipped)
}

/// What one thread has found; handed over when the thread is done.
struct Batch<'m> {
    found: &'m Mutex<(Vec<PathBuf>, Vec<Skipped>)>,
    files: Vec<PathBuf>,
    skipped: Vec<Skipped>,
}

impl Batch<'_> {
    /// A link to a manifest inside the folder is read (mounted ConfigMaps are made of such links); every other link
    /// could lead anywhere, or round in circles.
    fn link(&mut self, root: &Path, path: &Path) {
        let target = fs::canonicalize(path);
        let inside = |target: &PathBuf| fs::canonicalize(root).is_ok_and(|root| target.starts_with(root));
        match target {
            Ok(target) if target.is_file() && is_manifest(path) && inside(&target) => {
                self.files.push(path.to_owned());
            }
            Ok(target) if target.is_file() && !is_manifest(path) => {}
            _ => self.skipped.push(Skipped { path: path.display().to_string(), reason: SkipReason::Link }),
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if let Ok(mut found) = self.found.lock() {
            found.0.append(&mut self.files);
            found.1.append(&mut self.skipped);
        }
    }
}

/// Leaves out links to files that are read anyway.
fn without_doubles(files: Vec<PathBuf>) -> Vec<PathBuf> {
    if !files.iter().any(|file| file.is_symlink()) {
        return files;
    }
    let mut seen: HashSet<PathBuf> = files
        .iter()
        .filter(|file| !file.is_symlink())
        .filter_map(|file| fs::canonicalize(file).ok())
        .collect();
    let mut keep =
        |file: &PathBuf| !file.is_symlink() || fs::canonicalize(file).is_ok_and(|target| seen.insert(target));
    files.into_iter().filter(|file| keep(file)).collect()
}

/// Whether kubectl would read the file when given its folder: by its ending.
fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}
