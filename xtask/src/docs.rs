//! `cargo xtask docs`: the pages under `docs/controls` and `docs/proofs.md`, written from the controls.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use seaworthy_controls::catalogue;
use seaworthy_report::{explain, probes};

pub(crate) fn run(root: &Path, check: bool) -> crate::Result {
    let folder = root.join("docs/controls");
    let pages = pages();
    let mut problems = Vec::new();
    let proofs = (root.join("docs/proofs.md"), probes::markdown(catalogue::all()));
    let below = pages.iter().map(|(path, text)| (folder.join(path), text));
    for (path, text) in below.chain([(proofs.0, &proofs.1)]) {
        if fs::read_to_string(&path).is_ok_and(|current| current == *text) {
            continue;
        }
        if check {
            problems.push(format!("{} is not current: run `cargo xtask docs`", path.display()));
            continue;
        }
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        if let Err(error) = written {
            problems.push(format!("{}: {error}", path.display()));
        }
    }
    for path in markdown_below(&folder) {
        let stale = path.strip_prefix(&folder).is_ok_and(|path| !pages.contains_key(path));
        if stale && check {
            problems.push(format!("{} belongs to no control: run `cargo xtask docs`", path.display()));
        } else if stale && let Err(error) = fs::remove_file(&path) {
            problems.push(format!("{}: {error}", path.display()));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Every page with its path below `docs/controls`.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut pages = BTreeMap::from([(PathBuf::from("README.md"), explain::index_markdown(catalogue::all()))]);
    for control in catalogue::all() {
        let path = Path::new(control.family()).join(format!("{}.md", control.name()));
        pages.insert(path, explain::markdown(control));
    }
    pages
}

fn markdown_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(markdown_below(&path));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found
}
