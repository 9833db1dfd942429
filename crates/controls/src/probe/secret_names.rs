//! Which Secrets of a type there are: by their names, without their values.

use seaworthy_probe::{Answers, Identity, Request, Step, encode, expect};

/// Metadata alone.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

const KIND: &str = "PartialObjectMetadataList";

/// The step that lists those of the type.
pub(crate) const OF_TYPE: &str = "of-type";

/// Lists Secrets at all, and then those of a type; of one namespace or of all.
pub(crate) fn steps(kind: &str, namespace: Option<&str>) -> [Step; 2] {
    let path = match namespace {
        Some(namespace) => format!("/api/v1/namespaces/{}/secrets?limit=1", encode(namespace)),
        None => "/api/v1/secrets?limit=1".to_owned(),
    };
    let list = |path: String| Request::get(path).header("accept", METADATA).by(Identity::Caller);
    [
        Step::control("any", list(path.clone()), expect::ok),
        Step::ask(OF_TYPE, list(format!("{path}&fieldSelector=type%3D{}", encode(kind)))),
    ]
}

/// The first of them and how many there are beside it; `Ok(None)` when there is none, an error when it is not known.
pub(crate) fn first(answers: &Answers) -> Result<Option<(String, u64)>, ()> {
    let answer = answers.get(OF_TYPE).filter(|answer| answer.status() == Some(200)).ok_or(())?;
    let list = answer.json().filter(|list| list["kind"] == KIND).ok_or(())?;
    let more = list["metadata"]["continue"].as_str().is_some_and(|token| !token.is_empty());
    match list["items"].as_array().and_then(|items| items.first()) {
        Some(item) => {
            let text = |key: &str| item["metadata"][key].as_str().unwrap_or_default();
            let name = format!("{}/{}", text("namespace"), text("name"));
            let least = u64::from(more);
            Ok(Some((name, list["metadata"]["remainingItemCount"].as_u64().unwrap_or(least))))
        }
        // A page may be empty and not be the last one.
        None if more => Err(()),
        None => Ok(None),
    }
}
