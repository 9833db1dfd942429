//! Objects of Flux and Argo CD that say what is rendered, and with what.

mod argo;
mod flux;

use std::collections::HashMap;
use std::path::PathBuf;

use seaworthy_document::{Stream, Value};
use seaworthy_evidence::SourceFile;

use super::helm::Release;
use super::places::Places;

/// An object that says what to apply.
pub(crate) struct Pointer {
    /// The object, as `HelmRelease apps/web`.
    pub(crate) object: String,
    /// The file in which it stands.
    pub(crate) file: String,
    pub(crate) target: Target,
    /// What it asks for that is not done, as ends of "rendered without …".
    pub(crate) without: Vec<String>,
}

/// What an object says is to be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A chart.
    Chart(PathBuf, Box<Release>),
    /// An overlay, with what is laid over it, and the variables that are replaced in the result.
    Overlay(PathBuf, Option<String>, Vec<(String, String)>),
    /// Something that was not scanned, or cannot be rendered here: why.
    Elsewhere(String),
    /// A folder of plain files.
    Files,
}

/// The texts of ConfigMaps, by namespace and name.
pub(crate) struct ConfigMaps<'f> {
    by_name: HashMap<(&'f str, &'f str), Value<'f>>,
}

impl<'f> ConfigMaps<'f> {
    fn new<'s: 'f>(streams: impl Iterator<Item = &'s Stream>) -> ConfigMaps<'f> {
        let mut by_name = HashMap::new();
        for root in streams.flat_map(|stream| stream.documents()).map(|document| document.root()) {
            let is_map = root.get("kind").and_then(|kind| kind.as_str()) == Some("ConfigMap");
            if let (true, Some(data), Some(name)) =
                (is_map, root.get("data"), text(root, &["metadata", "name"]))
            {
                by_name.insert((text(root, &["metadata", "namespace"]).unwrap_or_default(), name), data);
            }
        }
        ConfigMaps { by_name }
    }

    /// A text of a ConfigMap; one that names no namespace fits everywhere.
    fn get(&self, namespace: &str, name: &str, key: &str) -> Option<&'f str> {
        let data = self.by_name.get(&(namespace, name)).or_else(|| self.by_name.get(&("", name)))?;
        data.get(key)?.as_str()
    }
}

/// Whether a file holds objects that say what to apply.
pub(crate) fn points(file: &SourceFile) -> bool {
    let text = file.stream.text().as_bytes();
    GROUPS.iter().any(|group| memchr::memmem::find(text, group.as_bytes()).is_some())
        && objects(file).any(|object| tool(object).is_some())
}

fn objects(file: &SourceFile) -> impl Iterator<Item = Value<'_>> {
    file.stream.documents().flat_map(|document| {
        let root = document.root();
        let list = text(root, &["kind"]).is_some_and(|kind| kind.ends_with("List"));
        let items = root.get("items").filter(|_| list);
        std::iter::once(root).chain(items.into_iter().flat_map(|items| items.items()))
    })
}

/// The objects in some files that say what to apply.
///
/// `files` are those in which such objects are looked for, `others` those whose ConfigMaps they may mean.
pub(crate) fn pointers<'f>(
    files: impl Iterator<Item = &'f SourceFile>,
    others: impl Iterator<Item = &'f SourceFile>,
    places: &Places,
) -> Vec<Pointer> {
    let mut found = Vec::new();
    for file in files {
        found.extend(objects(file).filter_map(|object| Some((file, object, tool(object)?))));
    }
    if found.is_empty() {
        return Vec::new();
    }
    let configuration = ConfigMaps::new(others.map(|file| &file.stream));
    let read = |(file, object, tool): (&SourceFile, Value<'_>, Tool)| {
        let kind = text(object, &["kind"]).unwrap_or_default();
        let name = text(object, &["metadata", "name"]).unwrap_or_default();
        let object_name = match text(object, &["metadata", "namespace"]) {
            Some(namespace) => format!("{kind} {namespace}/{name}"),
            None => format!("{kind} {name}"),
        };
        let (targets, without) = match tool {
            Tool::Release => flux::release(object, &configuration, places),
            Tool::Kustomization => flux::kustomization(object, places),
            Tool::Application => argo::application(object, places),
            Tool::ApplicationSet => {
                let reason = "an ApplicationSet makes its Applications in the cluster";
                (vec![Target::Elsewhere(reason.to_owned())], Vec::new())
            }
        };
        // What is missing is told once, however many sources there are.
        let mut without = without;
        let pointer = move |target| Pointer {
            object: super::run::bounded(&object_name),
            file: file.name.clone(),
            target,
            without: std::mem::take(&mut without),
        };
        targets.into_iter().map(pointer).collect::<Vec<_>>()
    };
    found.into_iter().flat_map(read).collect()
}

enum Tool {
    Release,
    Kustomization,
    Application,
    ApplicationSet,
}

/// What the groups below end with: most texts hold neither, and need no closer look.
const GROUPS: [&str; 2] = ["toolkit.fluxcd.io", "argoproj.io"];

fn tool(object: Value<'_>) -> Option<Tool> {
    let (group, _) = text(object, &["apiVersion"])?.split_once('/')?;
    match (group, text(object, &["kind"])?) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") => Some(Tool::Release),
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => Some(Tool::Kustomization),
        ("argoproj.io", "Application") => Some(Tool::Application),
        ("argoproj.io", "ApplicationSet") => Some(Tool::ApplicationSet),
        _ => None,
    }
}

/// The text at the end of a path.
fn text<'a>(value: Value<'a>, path: &[&str]) -> Option<&'a str> {
    value.at(path)?.as_str().filter(|text| !text.is_empty())
}

/// The items of a list at the end of a path.
fn items<'a>(value: Value<'a>, path: &[&str]) -> impl Iterator<Item = Value<'a>> {
    value.at(path).into_iter().flat_map(|list| list.items())
}

/// Collects the lines of a kustomization that is laid over another.
#[derive(Default)]
struct Over(String);

impl Over {
    /// `key` as `from` says it at `path`.
    fn copy(&mut self, key: &str, from: Value<'_>, path: &[&str]) {
        if let Some(text) = from.at(path).and_then(super::values::written) {
            self.0.push_str(&format!("{key}: {text}\n"));
        }
    }

    fn finish(self) -> Option<String> {
        Some(self.0).filter(|text| !text.is_empty())
    }
}

/// What a folder of the repository is applied as.
enum Folder {
    Chart(PathBuf),
    Overlay(PathBuf),
    Plain,
}

/// The scanned folder at a path, or why there is none.
fn folder(path: &str, places: &Places) -> Result<Folder, String> {
    let folder = places
        .folder(path)
        .ok_or_else(|| "it points to a folder that is not among what was scanned".to_owned())?;
    Ok(if folder.join("Chart.yaml").is_file() {
        Folder::Chart(folder)
    } else if super::kustomize::NAMES.iter().any(|name| folder.join(name).is_file()) {
        Folder::Overlay(folder)
    } else {
        Folder::Plain
    })
}
