//! Flux: `HelmRelease` (`helm.toolkit.fluxcd.io`) and `Kustomization` (`kustomize.toolkit.fluxcd.io`).

use seaworthy_document::Value;

use super::{ConfigMaps, Folder, Over, Target, folder, items, text};
use crate::render::helm::{Release, Values};
use crate::render::places::Places;
use crate::render::values::written;

/// A release of a chart. Names and order of values are those of the helm controller.
pub(super) fn release(
    object: Value<'_>,
    configuration: &ConfigMaps<'_>,
    places: &Places,
) -> (Vec<Target>, Vec<String>) {
    let elsewhere = |reason: &str| (vec![Target::Elsewhere(reason.to_owned())], Vec::new());
    if object.at(&["spec", "chartRef"]).is_some() {
        return elsewhere("its chart comes from a registry or from an object (`chartRef`)");
    }
    let chart = |path: &[&str]| object.at(&["spec", "chart", "spec"]).and_then(|chart| text(chart, path));
    if chart(&["sourceRef", "kind"]) != Some("GitRepository") {
        return elsewhere("its chart comes from a registry or repository of charts");
    }
    let folder = match folder(chart(&["chart"]).unwrap_or_default(), places) {
        Ok(Folder::Chart(folder)) => folder,
        Ok(_) => return elsewhere("it points to a folder that holds no chart"),
        Err(reason) => return elsewhere(&reason),
    };
    let own = text(object, &["metadata", "namespace"]).unwrap_or("default");
    let target = text(object, &["spec", "targetNamespace"]);
    let name = text(object, &["metadata", "name"]).unwrap_or_default();
    let mut release = Release {
        name: match (text(object, &["spec", "releaseName"]), target) {
            (Some(name), _) => name.to_owned(),
            (None, Some(target)) => format!("{target}-{name}"),
            (None, None) => name.to_owned(),
        },
        namespace: target.unwrap_or(own).to_owned(),
        values: Vec::new(),
        settings: Vec::new(),
        definitions: true,
    };
    let mut without = Vec::new();
    for item in items(object, &["spec", "chart", "spec", "valuesFiles"]) {
        let Some(name) = item.as_str() else { continue };
        match places.file(name) {
            Some(file) => release.values.push(Values::File(file)),
            None => without.push("a file of `valuesFiles` that is not there".to_owned()),
        }
    }
    for item in items(object, &["spec", "valuesFrom"]) {
        let known = match (text(item, &["kind"]), text(item, &["name"]), text(item, &["targetPath"])) {
            (Some("ConfigMap"), Some(name), None) => {
                configuration.get(own, name, text(item, &["valuesKey"]).unwrap_or("values.yaml"))
            }
            _ => None,
        };
        match known {
            Some(text) => release.values.push(Values::Text(text.to_owned())),
            None => without.push("values that `valuesFrom` takes from elsewhere".to_owned()),
        }
    }
    if let Some(values) = object.at(&["spec", "values"]) {
        match written(values) {
            Some(text) => release.values.push(Values::Text(text)),
            None => return elsewhere("its values are nested too deep"),
        }
    }
    if items(object, &["spec", "postRenderers"]).next().is_some() {
        without.push("its `postRenderers`".to_owned());
    }
    (vec![Target::Chart(folder, Box::new(release))], without)
}

/// A folder that is built, or applied as it is.
pub(super) fn kustomization(object: Value<'_>, places: &Places) -> (Vec<Target>, Vec<String>) {
    let elsewhere = |reason: &str| (vec![Target::Elsewhere(reason.to_owned())], Vec::new());
    if text(object, &["spec", "sourceRef", "kind"]).is_some_and(|kind| kind != "GitRepository") {
        return elsewhere("its source is no Git repository");
    }
    let folder = match folder(text(object, &["spec", "path"]).unwrap_or("./"), places) {
        Ok(Folder::Overlay(folder)) => folder,
        Ok(Folder::Plain | Folder::Chart(_)) => return (vec![Target::Files], Vec::new()),
        Err(reason) => return elsewhere(&reason),
    };
    let mut over = Over::default();
    over.copy("namespace", object, &["spec", "targetNamespace"]);
    for key in ["namePrefix", "nameSuffix", "patches", "images"] {
        over.copy(key, object, &["spec", key]);
    }
    let substitute = object.at(&["spec", "postBuild", "substitute"]);
    let substitute: Vec<(String, String)> = substitute
        .into_iter()
        .flat_map(|values| values.entries())
        .map(|(key, value)| (key.text().to_owned(), value.text().to_owned()))
        .collect();
    let mut without = Vec::new();
    for key in ["components", "patchesStrategicMerge", "patchesJson6902"] {
        if items(object, &["spec", key]).next().is_some() {
            without.push(format!("its `{key}`"));
        }
    }
    (vec![Target::Overlay(folder, over.finish(), substitute)], without)
}
