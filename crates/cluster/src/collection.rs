//! The record of what was asked for and what came of it; see `seaworthy_evidence::Collection`.

use std::collections::BTreeMap;

use seaworthy_document::Stream;
use seaworthy_evidence::SourceFile;
use serde_json::{Map, Value, json};

use crate::discover::Served;
use crate::kinds::Keep;
use crate::list::{Listed, Reach};

/// The name of the text.
pub(crate) const NAME: &str = "collection.json";

/// What is told of a cluster besides its lists.
pub(crate) struct Cluster<'a> {
    pub(crate) name: &'a str,
    pub(crate) url: &'a str,
    pub(crate) version: Option<&'a str>,
    pub(crate) at: String,
}

/// The record as a text.
pub(crate) fn record(cluster: &Cluster<'_>, served: &Served, lists: &[Listed]) -> SourceFile {
    let mut names: Vec<String> = served
        .kinds
        .iter()
        .map(|kind| match kind.group.as_str() {
            "" => kind.kind.clone(),
            group => format!("{}.{group}", kind.kind),
        })
        .collect();
    names.sort();
    names.dedup();
    let mut server = Map::new();
    server.insert("url".to_owned(), json!(cluster.url));
    if let Some(version) = cluster.version {
        server.insert("version".to_owned(), json!(version));
    }
    let record = json!({
        "apiVersion": "seaworthy.dev/v1alpha1",
        "kind": "Collection",
        "metadata": {"name": cluster.name},
        "at": cluster.at,
        "server": server,
        "served": names,
        "unavailable": served.unavailable,
        "lists": entries(lists),
    });
    // A value of serde_json can always be written.
    SourceFile::new(NAME, Stream::read(format!("{record:#}")))
}

/// One entry for each kind, and one more for each namespace in which it was refused.
fn entries(lists: &[Listed]) -> Vec<Value> {
    let mut entries: Vec<Value> = Vec::new();
    let mut whole: BTreeMap<String, usize> = BTreeMap::new();
    for listed in lists {
        let kind = &listed.target.kind;
        let namespace = match &listed.target.scope {
            Reach::All => None,
            Reach::Namespace(name) | Reach::Object(name) => Some(name),
        };
        if let Some(namespace) = namespace
            && listed.refused.is_none()
            && let Some(&index) = whole.get(&kind.plural())
        {
            let entry = &mut entries[index];
            if let Some(Value::Array(namespaces)) = entry.get_mut("namespaces") {
                namespaces.push(json!(namespace));
            }
            let items = entry.get("items").and_then(Value::as_u64).unwrap_or_default();
            entry["items"] = json!(items + listed.items as u64);
            continue;
        }
        let mut entry = json!({
            "apiVersion": kind.api_version(),
            "kind": kind.kind,
            "resource": kind.resource,
            "namespaced": kind.namespaced,
            "items": listed.items,
        });
        if let Some(namespace) = namespace {
            entry["namespaces"] = json!([namespace]);
        }
        if let Some(version) = &listed.resource_version {
            entry["resourceVersion"] = json!(version);
        }
        if listed.target.keep == Keep::PodTemplates {
            entry["kept"] = json!("pod-templates");
        }
        match &listed.refused {
            Some(refused) => entry["refused"] = json!(refused),
            None => {
                whole.insert(kind.plural(), entries.len());
            }
        }
        entries.push(entry);
    }
    entries
}
