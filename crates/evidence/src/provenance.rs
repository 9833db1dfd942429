//! Where a verdict on something live comes from: what was read, from where and when.

use seaworthy_document::Value;

use crate::component::node_of;
use crate::index::Evidence;
use crate::object::Object;

/// Where a value was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance<'a> {
    /// What was read, as people say it: "`/flagz` of kube-apiserver", "the arguments of process 812 (kubelet) on node
    /// `n1`", "`/api/v1/nodes/n1` of the API server".
    pub source: String,
    /// When, as RFC 3339 says it.
    pub at: Option<&'a str>,
    /// The version of the object that the API server held then.
    pub resource_version: Option<&'a str>,
}

impl<'a> Evidence<'a> {
    /// Where a value of an object was read, when it is of a live cluster or node. Of files that somebody wrote, the place
    /// itself says all.
    pub fn provenance(&self, object: &Object<'a>, value: &Value<'a>) -> Option<Provenance<'a>> {
        let name: &'a str = &self.files.get(object.file as usize)?.name;
        let at = |object: &Object<'a>| object.value.get("at").and_then(|at| at.as_str());
        let collected =
            self.collection.as_ref().map(|collection| collection.at()).filter(|at| !at.is_empty());
        let told = |source: String, at| Some(Provenance { source, at, resource_version: None });
        match (object.group(), object.kind) {
            ("seaworthy.dev", "ComponentReading") => {
                let program = object.value.get("program").map_or("a component", |program| program.text());
                let readings = object.value.get("readings");
                let holds = |reading: &Value<'a>| {
                    let (span, own) = (reading.span(), value.span());
                    span.start <= own.start && own.end <= span.end
                };
                let from = readings.iter().flat_map(Value::items).find(holds);
                let from = from.and_then(|reading| reading.get("from")).map(|from| from.text());
                told(
                    match from {
                        Some(from) => format!("`{from}` of {program}"),
                        None => format!("what {program} tells of itself"),
                    },
                    at(object).or(collected),
                )
            }
            ("seaworthy.dev", "NodeReading") => told(node_source(object, value), at(object).or(collected)),
            ("seaworthy.dev", "Collection") => told("the record of the collection".to_owned(), collected),
            _ => {
                if let Some((node, path)) = node_of(name) {
                    let reading = self.called("NodeReading", None, node).next();
                    return told(format!("`{path}` on node `{node}`"), reading.and_then(at).or(collected));
                }
                let path = name.split(" (").next().unwrap_or(name);
                if !path.starts_with("/api") || self.collection.is_none() {
                    return None;
                }
                let resource_version = object.value.at(&["metadata", "resourceVersion"]);
                Some(Provenance {
                    source: format!("`{path}` of the API server"),
                    at: collected,
                    resource_version: resource_version.and_then(|version| version.as_str()),
                })
            }
        }
    }
}

/// The part of a node's reading in which a value stands.
fn node_source(object: &Object<'_>, value: &Value<'_>) -> String {
    let node = object.name;
    let span = value.span();
    let holds = |part: &Value<'_>| part.span().start <= span.start && span.end <= part.span().end;
    let item = |list: &str| object.value.get(list).and_then(|list| list.items().find(|part| holds(part)));
    if let Some(process) = item("processes") {
        let text = |key| process.get(key).map_or("?", |value| value.text());
        let part = if process.get("environment").is_some_and(|part| holds(&part)) {
            "environment"
        } else {
            "arguments"
        };
        return format!("the {part} of process {} ({}) on node `{node}`", text("pid"), text("program"));
    }
    let path = ["files", "certificates"].into_iter().find_map(item).and_then(|part| part.get("path"));
    match path {
        Some(path) => format!("`{}` on node `{node}`", path.text()),
        None => format!("node `{node}`"),
    }
}
