//! Argo CD: `Application` (`argoproj.io`).

use seaworthy_document::Value;

use super::{Folder, Over, Target, folder, items, text};
use crate::render::helm::{Release, Setting, Values};
use crate::render::places::Places;
use crate::render::values::{quoted, written};

/// The sources of an application. Names and order of values are those of `util/helm` of Argo CD.
pub(super) fn application(object: Value<'_>, places: &Places) -> (Vec<Target>, Vec<String>) {
    let mut without = Vec::new();
    let single = object.at(&["spec", "source"]);
    let several = items(object, &["spec", "sources"]);
    let sources: Vec<Value<'_>> = single.into_iter().chain(several).collect();
    let targets = sources
        .iter()
        // A source with a `ref` alone only lends its files.
        .filter(|source| source.get("ref").is_none() || source.get("path").is_some())
        .map(|source| target(object, *source, places, &mut without).unwrap_or_else(Target::Elsewhere))
        .collect();
    (targets, without)
}

fn target(
    object: Value<'_>,
    source: Value<'_>,
    places: &Places,
    without: &mut Vec<String>,
) -> Result<Target, String> {
    if source.get("chart").is_some() {
        return Err("its chart comes from a registry or repository of charts".to_owned());
    }
    if source.get("plugin").is_some() {
        return Err("a plugin of Argo CD makes its objects".to_owned());
    }
    let path = text(source, &["path"]).ok_or("it names no `path`")?;
    let namespace = text(object, &["spec", "destination", "namespace"]).unwrap_or("default");
    match folder(path, places)? {
        Folder::Plain => Ok(Target::Files),
        Folder::Overlay(folder) => Ok(Target::Overlay(folder, over(source, without), Vec::new())),
        Folder::Chart(folder) => {
            let helm = |path: &[&str]| source.get("helm").and_then(|helm| text(helm, path));
            let name = text(object, &["metadata", "name"]).unwrap_or_default();
            let mut release = Release {
                name: helm(&["releaseName"]).unwrap_or(name).to_owned(),
                namespace: helm(&["namespace"]).unwrap_or(namespace).to_owned(),
                values: Vec::new(),
                settings: Vec::new(),
                definitions: source.at(&["helm", "skipCrds"]).and_then(|skip| skip.as_bool()) != Some(true),
            };
            for item in items(source, &["helm", "valueFiles"]) {
                let Some(name) = item.as_str() else { continue };
                // Names that start with a slash or a `ref` start at the root of a repository.
                let file = match name.strip_prefix('$').and_then(|name| name.split_once('/')) {
                    Some((_, name)) => places.file(name),
                    None if name.starts_with('/') => places.file(name),
                    None => Some(folder.join(name)).filter(|file| places.holds(file)),
                };
                let optional =
                    source.at(&["helm", "ignoreMissingValueFiles"]).and_then(|value| value.as_bool());
                match file {
                    Some(file) => release.values.push(Values::File(file)),
                    None if optional == Some(true) => {}
                    None => without.push("a file of `valueFiles` that is not there".to_owned()),
                }
            }
            let object_values = source.at(&["helm", "valuesObject"]);
            if let Some(values) = object_values {
                let text = written(values).ok_or("its values are nested too deep")?;
                release.values.push(Values::Text(text));
            } else if let Some(text) = helm(&["values"]) {
                release.values.push(Values::Text(text.to_owned()));
            }
            for item in items(source, &["helm", "parameters"]) {
                let (Some(name), Some(value)) = (text(item, &["name"]), item.get("value")) else { continue };
                release.settings.push(Setting {
                    text: format!("{name}={}", value.text().replace(',', "\\,")),
                    verbatim: item.get("forceString").and_then(|force| force.as_bool()) == Some(true),
                });
            }
            if items(source, &["helm", "fileParameters"]).next().is_some() {
                without.push("its `fileParameters`".to_owned());
            }
            Ok(Target::Chart(folder, Box::new(release)))
        }
    }
}

/// What `kustomize` of a source lays over its folder.
fn over(source: Value<'_>, without: &mut Vec<String>) -> Option<String> {
    let mut over = Over::default();
    let kustomize = source.get("kustomize")?;
    for key in ["namePrefix", "nameSuffix", "namespace", "patches"] {
        over.copy(key, kustomize, &[key]);
    }
    let images: Vec<String> =
        items(kustomize, &["images"]).filter_map(|item| Some(image(item.as_str()?))).collect();
    if !images.is_empty() {
        over.0.push_str(&format!("images: [{}]\n", images.join(", ")));
    }
    for key in ["components", "replicas"] {
        if items(kustomize, &[key]).next().is_some() {
            without.push(format!("its `kustomize.{key}`"));
        }
    }
    over.finish()
}

/// An image override `old=new:tag`, `new:tag` or `new@digest`, as an entry of `images` in a kustomization.
fn image(text: &str) -> String {
    let (old, new) = text.split_once('=').map_or((None, text), |(old, new)| (Some(old), new));
    let (name, version) = match new.split_once('@') {
        Some((name, digest)) => (name, format!(", digest: {}", quoted(digest))),
        None => match new.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
            Some((name, tag)) => (name, format!(", newTag: {}", quoted(tag))),
            None => (new, String::new()),
        },
    };
    format!("{{name: {}, newName: {}{version}}}", quoted(old.unwrap_or(name)), quoted(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_of_images_are_translated() {
        assert_eq!(image("a/b:1"), r#"{name: "a/b", newName: "a/b", newTag: "1"}"#);
        assert_eq!(image("b=host:5000/c"), r#"{name: "b", newName: "host:5000/c"}"#);
        assert_eq!(image("b@sha256:12"), r#"{name: "b", newName: "b", digest: "sha256:12"}"#);
    }
}
