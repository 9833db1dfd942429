//! `cargo xtask tidy`: rules of this repository that no compiler knows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use seaworthy_controls::{Page, catalogue};
use serde_json::Value;

/// What each crate may depend on inside the workspace: downward only.
const DIRECTION: &[(&str, &[&str])] = &[
    ("seaworthy-document", &[]),
    ("seaworthy-imaging", &[]),
    ("seaworthy-policy", &["seaworthy-document"]),
    ("seaworthy-schema", &["seaworthy-document"]),
    ("seaworthy-podsecurity", &["seaworthy-document"]),
    ("seaworthy-authorization", &["seaworthy-document"]),
    ("seaworthy-reachability", &["seaworthy-document"]),
    (
        "seaworthy-evidence",
        &[
            "seaworthy-authorization",
            "seaworthy-document",
            "seaworthy-podsecurity",
            "seaworthy-reachability",
            "seaworthy-schema",
        ],
    ),
    ("seaworthy-cluster", &["seaworthy-document", "seaworthy-evidence"]),
    ("seaworthy-server", &[]),
    ("seaworthy-probe", &[]),
    ("seaworthy-prober", &["seaworthy-cluster", "seaworthy-document", "seaworthy-policy", "seaworthy-probe"]),
    (
        "seaworthy-controls",
        &[
            "seaworthy-authorization",
            "seaworthy-document",
            "seaworthy-evidence",
            "seaworthy-imaging",
            "seaworthy-podsecurity",
            "seaworthy-policy",
            "seaworthy-probe",
            "seaworthy-reachability",
        ],
    ),
    ("seaworthy-ingest", &["seaworthy-document", "seaworthy-evidence", "seaworthy-policy"]),
    (
        "seaworthy-report",
        &[
            "seaworthy-document",
            "seaworthy-evidence",
            "seaworthy-controls",
            "seaworthy-podsecurity",
            "seaworthy-policy",
            "seaworthy-probe",
        ],
    ),
];

/// What no crate of the scanning path may pull in, directly or not: they must build and test in seconds.
const TOO_HEAVY: &[&str] =
    &["tokio", "kube", "kube-client", "k8s-openapi", "rustls", "hyper", "openssl", "reqwest"];

/// The crates that talk to others over the network: what they pull in ends with them and the program.
const TALKING: &[&str] = &["seaworthy-cluster", "seaworthy-prober", "seaworthy-server"];

/// Licences that go with Apache-2.0.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // A licence for data: the certificates of public authorities.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "0BSD",
];

/// Packages whose manifest names no licence, with the one that their licence file states.
const LICENCE_FILES: &[(&str, &str)] = &[("libyaml-safer", "MIT")];

/// A reader takes in a file at one sitting. Longer ones say why in a line that starts with `// tidy: long:`.
const MAX_LINES: usize = 600;

/// Names that say nothing of what they hold.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc"];

pub(crate) fn run(root: &Path) -> crate::Result {
    let mut problems = Vec::new();
    match metadata(root) {
        Ok(metadata) => {
            direction(&metadata, &mut problems);
            weight(&metadata, &mut problems);
            licences(&metadata, &mut problems);
            reasons(root, &metadata, &mut problems);
        }
        Err(problem) => problems.push(problem),
    }
    files(root, &mut problems);
    controls(root, &mut problems);
    if let Err(stale) = crate::docs::run(root, true) {
        problems.extend(stale);
    }
    if problems.is_empty() {
        println!("tidy");
        return Ok(());
    }
    problems.sort();
    Err(problems)
}

fn metadata(root: &Path) -> Result<Value, String> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

/// Crates of this workspace depend on what `DIRECTION` allows.
fn direction(metadata: &Value, problems: &mut Vec<String>) {
    for package in list(metadata, "packages") {
        let name = text(package, "name");
        let Some((_, allowed)) = DIRECTION.iter().find(|(known, _)| *known == name) else { continue };
        for dependency in list(package, "dependencies").filter(|dependency| dependency["kind"].is_null()) {
            let other = text(dependency, "name");
            if other.starts_with("seaworthy") && !allowed.contains(&other) {
                problems.push(format!(
                    "{name} depends on {other}: dependencies point downward (ARCHITECTURE.md)"
                ));
            }
        }
    }
    let known = |name: &str| DIRECTION.iter().any(|(known, _)| *known == name) || name == "seaworthy";
    for package in list(metadata, "packages") {
        let name = text(package, "name");
        if name.starts_with("seaworthy") && !known(name) {
            problems
                .push(format!("{name} has no place in the direction of dependencies (xtask/src/tidy.rs)"));
        }
    }
}

/// Nothing below the program reaches a client or a runtime.
fn weight(metadata: &Value, problems: &mut Vec<String>) {
    let resolve = &metadata["resolve"];
    let name_of = |id: &str| {
        list(metadata, "packages")
            .find(|package| text(package, "id") == id)
            .map_or("", |package| text(package, "name"))
    };
    for node in list(resolve, "nodes") {
        let name = name_of(text(node, "id"));
        if !DIRECTION.iter().any(|(known, _)| *known == name) || TALKING.contains(&name) {
            continue;
        }
        let mut seen = BTreeSet::new();
        let mut open = vec![text(node, "id")];
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(node) = list(resolve, "nodes").find(|node| text(node, "id") == id) else { continue };
            for dependency in list(node, "deps") {
                let normal = list(dependency, "dep_kinds").any(|kind| kind["kind"].is_null());
                if normal {
                    open.push(text(dependency, "pkg"));
                }
            }
        }
        for id in seen {
            let other = name_of(id);
            if TOO_HEAVY.contains(&other) {
                problems.push(format!(
                    "{name} reaches {other}: it must build and test without a client or a runtime"
                ));
            }
        }
    }
}

fn licences(metadata: &Value, problems: &mut Vec<String>) {
    for package in list(metadata, "packages").filter(|package| !package["source"].is_null()) {
        let name = text(package, "name");
        let stated = LICENCE_FILES.iter().find(|(known, _)| *known == name).map(|(_, licence)| *licence);
        let licence = stated.unwrap_or_else(|| text(package, "license"));
        let fits = licence.split(" OR ").flat_map(|alternative| alternative.split('/')).any(|alternative| {
            alternative.split(" AND ").all(|part| LICENCES.contains(&part.trim_matches(['(', ')', ' '])))
        });
        if !fits {
            problems.push(format!(
                "{name} is licensed `{licence}`, which is not in the list of xtask/src/tidy.rs"
            ));
        }
    }
}

/// Every direct dependency stands in `docs/dependencies.md` with the reason for it.
fn reasons(root: &Path, metadata: &Value, problems: &mut Vec<String>) {
    let page = fs::read_to_string(root.join("docs/dependencies.md")).unwrap_or_default();
    let mut names = BTreeSet::new();
    for package in list(metadata, "packages").filter(|package| package["source"].is_null()) {
        names.extend(
            list(package, "dependencies")
                .filter(|dependency| dependency["path"].is_null())
                .map(|dependency| text(dependency, "name")),
        );
    }
    for name in names {
        if !page.contains(&format!("`{name}`")) {
            problems.push(format!("docs/dependencies.md does not say why `{name}` is used"));
        }
    }
}

/// Length, names and leftovers of source files.
fn files(root: &Path, problems: &mut Vec<String>) {
    for path in tracked(root) {
        let name = path.display().to_string();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if path.components().any(|part| EMPTY_NAMES.contains(&part.as_os_str().to_str().unwrap_or_default()))
            || EMPTY_NAMES.contains(&stem)
        {
            problems.push(format!("{name}: a name that says nothing of what it holds"));
        }
        let source = path
            .extension()
            .is_some_and(|ending| ["rs", "go", "ts", "js", "mjs"].iter().any(|s| ending == *s));
        if !source {
            continue;
        }
        let Ok(text) = fs::read_to_string(root.join(&path)) else { continue };
        let lines = text.lines().count();
        if lines > MAX_LINES && !text.lines().any(|line| line.starts_with("// tidy: long:")) {
            problems.push(format!(
                "{name}: {lines} lines; split it, or say why not in a line `// tidy: long: …`"
            ));
        }
        for (index, line) in text.lines().enumerate() {
            let leftover =
                ["todo!(", "unimplemented!(", "FIXME"].into_iter().find(|word| line.contains(word));
            if let Some(word) = leftover
                && !name.starts_with("xtask/")
            {
                problems.push(format!("{name}:{}: `{word}`", index + 1));
            }
        }
    }
}

fn tracked(root: &Path) -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    let Ok(output) = listed else { return Vec::new() };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(PathBuf::from)
        .filter(|path| root.join(path).exists())
        .collect()
}

/// Every control stands where its id says, with a page that can be read.
fn controls(root: &Path, problems: &mut Vec<String>) {
    let folder = root.join("crates/controls/src");
    for control in catalogue::all() {
        let module = folder.join(control.family().replace('-', "_")).join(control.name().replace('-', "_"));
        for ending in ["rs", "md"] {
            let path = module.with_extension(ending);
            if !path.exists() {
                problems.push(format!("{}: {} does not exist", control.id, path.display()));
            }
        }
        if let Err(problem) = Page::parse(control.page) {
            problems.push(format!("{}: {problem}", control.id));
        }
    }
}
