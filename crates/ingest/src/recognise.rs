//! What kind of file it is, before anybody complains about it.

use std::ffi::OsStr;
use std::path::Path;

use memchr::memmem;
use seaworthy_document::{Stream, Value};
use seaworthy_evidence::configuration;

/// Whether a text means to be a Kubernetes manifest although it could not be read: it names `apiVersion` and `kind`.
pub(crate) fn looks_like_manifest(text: &[u8]) -> bool {
    memmem::find(text, b"apiVersion").is_some() && memmem::find(text, b"kind").is_some()
}

/// Whether a text is a template that something fills in before Kubernetes sees it (Helm, Jinja, Go templates).
pub(crate) fn looks_like_template(text: &[u8]) -> bool {
    memmem::find(text, b"{{").is_some() && memmem::find(text, b"}}").is_some()
        || memmem::find(text, b"{%").is_some() && memmem::find(text, b"%}").is_some()
}

/// Whether a file is one of those that say how objects come to the cluster and name no kind: see
/// [`unnamed_kind`](seaworthy_evidence::unnamed_kind).
pub(crate) fn is_known_by_name(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    matches!(name, "Chart.yaml" | "kustomization.yaml" | "kustomization.yml" | ".gitlab-ci.yml")
        || path.parent().is_some_and(|folder| folder.ends_with(".github/workflows"))
}

/// Whether a text without objects may be a configuration file that controls know.
pub(crate) fn may_be_configuration(name: &str, text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| configuration::may_be_configuration(name, text))
}

/// Whether one of the documents is a Kubernetes object, would be with the rest of its identity, or is a configuration
/// file that controls know.
pub(crate) fn holds_objects(name: &str, stream: &Stream) -> bool {
    stream.documents().any(|document| {
        if configuration::configuration_kind(name, &document).is_some() {
            return true;
        }
        let root = document.root();
        if seaworthy_evidence::unnamed_kind(name, &root).is_some() {
            return true;
        }
        let text = |key| root.get(key).is_some_and(|value| value.as_str().is_some());
        match (text("apiVersion"), text("kind")) {
            (true, true) => true,
            (false, false) => false,
            _ => root.get("metadata").as_ref().is_some_and(Value::is_mapping),
        }
    })
}
