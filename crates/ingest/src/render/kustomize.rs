//! Kustomize overlays: which files an overlay reaches, and `kustomize build`.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use seaworthy_document::{Stream, Value};

use super::helm::read_text;
use super::paths;
use super::run::{Limits, Room, run};
use super::settings::Tools;

/// The names that Kustomize looks for.
pub(crate) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// Most folders that one overlay is made of.
const FOLDERS: usize = 2_000;

/// What a kustomization file says, as far as it names files.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    /// The kustomization file.
    pub(crate) file: PathBuf,
    /// It is a part of other overlays and nothing alone.
    component: bool,
    /// Folders of further kustomizations.
    folders: Vec<PathBuf>,
    /// Files with objects, or that become part of objects.
    files: Vec<PathBuf>,
    /// Files with patches: they are no objects by themselves.
    patches: Vec<PathBuf>,
    pub(crate) prefix: String,
    pub(crate) suffix: String,
    /// Why it must not be built.
    problem: Option<String>,
}

/// Where file names stand in a kustomization file, and what the files are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// Objects, or a folder.
    Resource,
    Patch,
    /// Text that becomes part of an object, or that only steers the build.
    Other,
}

impl Overlay {
    /// Reads the kustomization of a folder; `None` when there is none.
    fn read(folder: &Path) -> Option<Overlay> {
        let (file, bytes) = NAMES
            .iter()
            .map(|name| folder.join(name))
            .find_map(|path| Some((path.clone(), read_text(&path)?)))?;
        let stream = Stream::read_bytes(bytes);
        let mut overlay = Overlay { file, ..Overlay::default() };
        let Some(document) = stream.documents().next() else {
            overlay.problem = Some("the kustomization cannot be read".to_owned());
            return Some(overlay);
        };
        let root = document.root();
        let text = |key| root.get(key).and_then(|value| value.as_str());
        // Flux calls its own objects `Kustomization` as well.
        if text("apiVersion").is_some_and(|version| !version.starts_with("kustomize.config.k8s.io/")) {
            return None;
        }
        overlay.component = text("kind") == Some("Component");
        overlay.prefix = text("namePrefix").unwrap_or_default().to_owned();
        overlay.suffix = text("nameSuffix").unwrap_or_default().to_owned();
        overlay.read_entries(folder, root);
        Some(overlay)
    }

    fn read_entries(&mut self, folder: &Path, root: Value<'_>) {
        let items = |key: &str| root.get(key).into_iter().flat_map(|list| list.items());
        for key in ["resources", "bases", "components"] {
            items(key).for_each(|item| self.name(folder, &item, Named::Resource));
        }
        for key in ["patches", "patchesJson6902", "replacements"] {
            items(key)
                .filter_map(|item| item.get("path"))
                .for_each(|path| self.name(folder, &path, Named::Patch));
        }
        items("patchesStrategicMerge").for_each(|item| self.name(folder, &item, Named::Patch));
        for key in ["generators", "transformers", "validators"] {
            items(key).for_each(|item| self.name(folder, &item, Named::Resource));
        }
        for key in ["crds", "configurations"] {
            items(key).for_each(|item| self.name(folder, &item, Named::Other));
        }
        if let Some(path) = root.at(&["openapi", "path"]) {
            self.name(folder, &path, Named::Other);
        }
        for generator in ["configMapGenerator", "secretGenerator"].into_iter().flat_map(items) {
            for key in ["files", "envs"] {
                let names = generator.get(key).into_iter().flat_map(|list| list.items());
                names.for_each(|item| self.generated(folder, &item));
            }
            if let Some(item) = generator.get("env") {
                self.generated(folder, &item);
            }
        }
        if root.get("helmCharts").or_else(|| root.get("helmChartInflationGenerator")).is_some() {
            self.problem.get_or_insert_with(|| {
                "it fills in Helm charts (`helmCharts`), which may be fetched: that is not allowed here"
                    .to_owned()
            });
        }
    }

    /// An entry `key=file` or `file`.
    fn generated(&mut self, folder: &Path, item: &Value<'_>) {
        let Some(text) = item.as_str() else { return };
        let name = text.split_once('=').map_or(text, |(_, name)| name);
        self.named(folder, name, Named::Other);
    }

    fn name(&mut self, folder: &Path, item: &Value<'_>, entry: Named) {
        let Some(text) = item.as_str() else { return };
        // Patches and transformers may stand in the list themselves.
        if !text.contains('\n') {
            self.named(folder, text, entry);
        }
    }

    fn named(&mut self, folder: &Path, name: &str, entry: Named) {
        if is_remote(name) {
            let name = super::run::bounded(name);
            self.problem.get_or_insert_with(|| format!("`{name}` lies elsewhere: nothing is fetched"));
            return;
        }
        let path = paths::normal(&folder.join(name));
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() && entry == Named::Resource => self.folders.push(path),
            Ok(_) if entry == Named::Patch => self.patches.push(path),
            Ok(_) => self.files.push(path),
            // What is not there, Kustomize would take for an address.
            Err(_) => {
                let name = super::run::bounded(name);
                self.problem.get_or_insert_with(|| format!("`{name}` is not there"));
            }
        }
    }
}

/// Whether Kustomize would fetch what a name means (`IsRemoteFile`, `NewRepoSpecFromURL` of `kustomize/api`), told
/// generously: nobody calls a local folder like this.
fn is_remote(name: &str) -> bool {
    let lower = name.trim().to_ascii_lowercase();
    let host = lower.split(['/', ':']).next().unwrap_or_default();
    lower.contains("://")
        || lower.contains("::")
        || lower.starts_with("gh:")
        || lower.contains('?')
        || host.contains('@')
        || host == "github.com"
        || host.ends_with(".github.com")
}

/// The overlays of a scan and all that they are made of.
#[derive(Debug, Default)]
pub(crate) struct Overlays {
    known: HashMap<PathBuf, Option<Overlay>>,
}

/// The files that an overlay is made of.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) patches: Vec<PathBuf>,
    /// The kustomization files.
    pub(crate) kustomizations: Vec<PathBuf>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) suffixes: Vec<String>,
    /// Why it must not be built.
    pub(crate) problem: Option<String>,
}

impl Overlays {
    /// Reads the kustomizations in some folders, and those that they lead to.
    pub(crate) fn read(folders: &[PathBuf]) -> Overlays {
        let mut overlays = Overlays::default();
        folders.iter().for_each(|folder| overlays.add(folder));
        overlays
    }

    /// Reads the kustomization in a folder, and those that it leads to.
    pub(crate) fn add(&mut self, folder: &Path) {
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            if let Entry::Vacant(vacant) = self.known.entry(folder) {
                let overlay = Overlay::read(vacant.key());
                let overlay = vacant.insert_entry(overlay);
                open.extend(overlay.get().iter().flat_map(|overlay| overlay.folders.iter().cloned()));
            }
        }
    }

    pub(crate) fn get(&self, folder: &Path) -> Option<&Overlay> {
        self.known.get(folder)?.as_ref()
    }

    /// Those among some folders that no other overlay uses. Of overlays that use each other in a circle all are
    /// roots: Kustomize then says what is wrong.
    pub(crate) fn roots(&self, folders: &[PathBuf]) -> Vec<PathBuf> {
        let overlays = || self.known.values().flatten();
        let used: HashSet<&PathBuf> = overlays().flat_map(|overlay| &overlay.folders).collect();
        let alone = |folder: &&PathBuf| self.get(folder).is_some_and(|overlay| !overlay.component);
        let mut roots: Vec<PathBuf> =
            folders.iter().filter(alone).filter(|folder| !used.contains(folder)).cloned().collect();
        let mut reached: HashSet<PathBuf> = HashSet::new();
        roots.iter().for_each(|root| self.walk(root, &mut reached));
        let circles: Vec<PathBuf> =
            folders.iter().filter(alone).filter(|folder| !reached.contains(*folder)).cloned().collect();
        roots.extend(circles);
        roots
    }

    fn walk(&self, root: &Path, reached: &mut HashSet<PathBuf>) {
        let mut open = vec![root.to_owned()];
        while let Some(folder) = open.pop() {
            if reached.insert(folder.clone())
                && let Some(overlay) = self.get(&folder)
            {
                open.extend(overlay.folders.iter().cloned());
            }
        }
    }

    /// Everything that the overlay in a folder is made of, the overlay itself first.
    pub(crate) fn reach(&self, root: &Path) -> Reach {
        let mut reach = Reach::default();
        let mut seen: HashSet<&Path> = HashSet::new();
        let mut open = vec![root];
        while let Some(folder) = open.pop() {
            if !seen.insert(folder) {
                continue;
            }
            if seen.len() > FOLDERS {
                reach.problem = Some(format!("it is made of more than {FOLDERS} folders"));
                break;
            }
            let Some(overlay) = self.get(folder) else {
                let message = || format!("`{}` holds no kustomization", folder.display());
                reach.problem.get_or_insert_with(message);
                continue;
            };
            if reach.problem.is_none() {
                reach.problem.clone_from(&overlay.problem);
            }
            reach.kustomizations.push(overlay.file.clone());
            reach.files.extend(overlay.files.iter().cloned());
            reach.patches.extend(overlay.patches.iter().cloned());
            let named = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
            reach.prefixes.extend(named(&overlay.prefix));
            reach.suffixes.extend(named(&overlay.suffix));
            open.extend(overlay.folders.iter().rev().map(PathBuf::as_path));
        }
        reach
    }
}

/// What a kustomization adds before and behind names.
pub(crate) fn affixes(text: &str) -> (Option<String>, Option<String>) {
    let stream = Stream::read(text);
    let root = stream.documents().next().map(|document| document.root());
    let text = |key| Some(root?.get(key)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
    (text("namePrefix"), text("nameSuffix"))
}

/// Builds the overlay in a folder. `over` is a kustomization that stands above it, without its `resources`.
pub(crate) fn build(
    folder: &Path,
    over: Option<&str>,
    tools: &Tools,
    limits: Limits,
) -> Result<Vec<u8>, String> {
    let kustomize = tools.kustomize.as_ref().ok_or("neither `kustomize` nor `kubectl` is installed")?;
    let room = Room::new()?;
    let target = match over {
        None => folder.to_owned(),
        Some(over) => {
            // Kustomize takes no absolute folder, so the way there is written relative to the room.
            let way = paths::relative(&room.path().join("over"), &paths::canonical(folder));
            let way = way.to_string_lossy().replace('\\', "/");
            let text = format!("{over}\nresources:\n- {}\n", super::values::quoted(&way));
            let file = room.write("over/kustomization.yaml", text.as_bytes())?;
            file.parent().unwrap_or(folder).to_owned()
        }
    };
    let arguments: [OsString; 2] = [kustomize.verb.into(), target.clone().into()];
    run(&kustomize.program, &arguments, &target, &room, limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_fetched_is_known_by_its_name() {
        for remote in [
            "https://example.com/a.yaml",
            "github.com/acme/base?ref=v1",
            "git@github.com:acme/base.git",
            "ssh://git@example.com/x",
            "git::https://example.com/x",
            "GitHub.com/acme/base",
            "gh:acme/base",
            "file:///etc",
            "user@host:path/base",
        ] {
            assert!(is_remote(remote), "{remote}");
        }
        for local in ["../base", "deploy.yaml", "./a/b", "a@b/../base".split('@').next().unwrap(), "base.git"]
        {
            assert!(!is_remote(local), "{local}");
        }
    }
}
