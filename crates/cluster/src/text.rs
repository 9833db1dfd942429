//! From what the API answers to texts with names.

use seaworthy_document::Stream;
use seaworthy_evidence::SourceFile;
use serde_json::{Map, Value};

use crate::discover::Kind;
use crate::error::Fault;

/// kubectl writes whole objects into it, values of Secrets as well.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The number of keys of a Secret, whose values are never read.
pub(crate) const KEYS: &str = "seaworthy.dev/keys";

/// When the data of a Secret was written last, as the API server remembers it.
pub(crate) const CHANGED: &str = "seaworthy.dev/changed";

/// An object of the API as a text: its name is its path in the API.
pub(crate) fn object(kind: &Kind, object: Value) -> Result<SourceFile, Fault> {
    let Value::Object(mut object) = object else {
        return Err(Fault::Malformed(format!("one of the {} is no object", kind.plural())));
    };
    let name = tidy_metadata(kind, &mut object)?;
    if kind.group == "apiextensions.k8s.io" {
        remove_schemas(&mut object);
    }
    // Items of lists do not say what they are.
    object.insert("apiVersion".to_owned(), Value::String(kind.api_version()));
    object.insert("kind".to_owned(), Value::String(kind.kind.clone()));
    written(name, &object)
}

/// A Secret from a row of a table: what its metadata says, its type, and how many keys it has.
pub(crate) fn secret(
    kind: &Kind,
    metadata: Value,
    of_type: Option<&Value>,
    keys: Option<u64>,
) -> Result<SourceFile, Fault> {
    let changed = last_change(&metadata);
    let mut object = Map::new();
    object.insert("metadata".to_owned(), metadata);
    let name = tidy_metadata(kind, &mut object)?;
    object.insert("apiVersion".to_owned(), Value::String(kind.api_version()));
    object.insert("kind".to_owned(), Value::String(kind.kind.clone()));
    if let Some(Value::String(of_type)) = of_type {
        object.insert("type".to_owned(), Value::String(of_type.clone()));
    }
    let notes = [(KEYS, keys.map(|keys| keys.to_string())), (CHANGED, changed)];
    for (key, note) in notes.into_iter().filter_map(|(key, note)| Some((key, note?))) {
        let Some(Value::Object(metadata)) = object.get_mut("metadata") else { continue };
        let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(annotations) = annotations {
            annotations.insert(key.to_owned(), Value::String(note));
        }
    }
    written(name, &object)
}

/// The newest time at which somebody wrote `data`. Moments of this form are ordered as texts.
fn last_change(metadata: &Value) -> Option<String> {
    let fields = metadata.get("managedFields")?.as_array()?.iter();
    let of_data = fields.filter(|entry| entry.pointer("/fieldsV1/f:data").is_some());
    of_data.filter_map(|entry| entry.get("time")?.as_str()).max().map(str::to_owned)
}

fn written(name: String, object: &Map<String, Value>) -> Result<SourceFile, Fault> {
    let text = serde_json::to_string_pretty(object).map_err(|error| Fault::Malformed(error.to_string()))?;
    Ok(SourceFile::new(name, Stream::read(text)))
}

/// Removes what says nothing of the object, and returns its path in the API.
fn tidy_metadata(kind: &Kind, object: &mut Map<String, Value>) -> Result<String, Fault> {
    let Some(Value::Object(metadata)) = object.get_mut("metadata") else {
        return Err(Fault::Malformed(format!("one of the {} has no metadata", kind.plural())));
    };
    metadata.remove("managedFields");
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.remove(LAST_APPLIED);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default();
    let (name, namespace) = (text("name"), text("namespace"));
    let namespace = Some(namespace).filter(|_| kind.namespaced);
    if !is_segment(name) || !namespace.is_none_or(is_segment) {
        return Err(Fault::Malformed(format!(
            "one of the {} has no name that the API allows",
            kind.plural()
        )));
    }
    Ok(format!("{}/{name}", kind.path(namespace)))
}

/// Whether a name may be part of a path: the API server allows nothing else, and a snapshot makes files of them.
fn is_segment(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && !matches!(name, "." | "..")
        && !name.chars().any(|c| matches!(c, '/' | '\\' | '%') || c.is_control())
}

/// The schemas of custom resources are megabytes that no control reads.
fn remove_schemas(definition: &mut Map<String, Value>) {
    let versions = definition.get_mut("spec").and_then(|spec| spec.get_mut("versions"));
    for version in versions.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Object(version) = version {
            version.remove("schema");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(group: &str, version: &str, resource: &str, kind: &str, namespaced: bool) -> Kind {
        Kind {
            group: group.to_owned(),
            version: version.to_owned(),
            resource: resource.to_owned(),
            kind: kind.to_owned(),
            namespaced,
            can_list: true,
        }
    }

    #[test]
    fn an_object_becomes_a_text_under_its_path() {
        let deployments = kind("apps", "v1", "deployments", "Deployment", true);
        let item = json!({"metadata": {"name": "web", "namespace": "shop", "managedFields": [{}],
            "annotations": {LAST_APPLIED: "{}"}}, "spec": {"replicas": 1}});
        let file = object(&deployments, item).unwrap();
        assert_eq!(file.name, "/apis/apps/v1/namespaces/shop/deployments/web");
        let expected = "{\n  \"apiVersion\": \"apps/v1\",\n  \"kind\": \"Deployment\",\n  \"metadata\": {\n    \
            \"name\": \"web\",\n    \"namespace\": \"shop\"\n  },\n  \"spec\": {\n    \"replicas\": 1\n  }\n}";
        let sorted: Value = serde_json::from_str(file.stream.text()).unwrap();
        assert_eq!(sorted, serde_json::from_str::<Value>(expected).unwrap());
    }

    #[test]
    fn names_that_lead_out_of_their_place_are_malformed() {
        let roles = kind("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false);
        let named = |name: &str| object(&roles, json!({"metadata": {"name": name}}));
        assert_eq!(
            named("system:node").unwrap().name,
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node"
        );
        for bad in ["", "..", "a/b", "../../etc/passwd", "a\\b", "a\nb"] {
            assert!(named(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_tells_when_its_data_was_changed() {
        let secrets = kind("", "v1", "secrets", "Secret", true);
        let entry = |time: &str, fields: Value| json!({"manager": "m", "time": time, "fieldsV1": fields});
        let metadata = json!({"name": "db", "namespace": "shop", "managedFields": [
            entry("2025-03-01T08:00:00Z", json!({"f:data": {"f:password": {}}})),
            entry("2026-02-01T08:00:00Z", json!({"f:data": {"f:user": {}}})),
            entry("2026-11-01T08:00:00Z", json!({"f:metadata": {"f:labels": {}}})),
        ]});
        let file = secret(&secrets, metadata, None, None).unwrap();
        let value: Value = serde_json::from_str(file.stream.text()).unwrap();
        assert_eq!(value["metadata"]["annotations"], json!({CHANGED: "2026-02-01T08:00:00Z"}));
        assert_eq!(value["metadata"].get("managedFields"), None);
    }

    #[test]
    fn a_secret_has_no_values() {
        let secrets = kind("", "v1", "secrets", "Secret", true);
        let metadata = json!({"name": "db", "namespace": "shop", "annotations": {LAST_APPLIED: "geheim"}});
        let file = secret(&secrets, metadata, Some(&json!("Opaque")), Some(2)).unwrap();
        assert_eq!(file.name, "/api/v1/namespaces/shop/secrets/db");
        let value: Value = serde_json::from_str(file.stream.text()).unwrap();
        assert_eq!(
            value,
            json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                "metadata": {"name": "db", "namespace": "shop", "annotations": {KEYS: "2"}}})
        );
    }
}
