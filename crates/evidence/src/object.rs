//! Kubernetes objects in documents.

use std::fmt;

use seaworthy_document::Value;

/// One Kubernetes object, borrowed from the document in which it stands.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// `apiVersion`, as `apps/v1`.
    pub api_version: &'a str,
    /// The part of it before the slash: asked for so often that it is not looked for each time.
    pub(crate) group: &'a str,
    /// `kind`, as `Deployment`.
    pub kind: &'a str,
    /// `metadata.namespace`; `None` when the file leaves it open (or the kind has none).
    pub namespace: Option<&'a str>,
    /// `metadata.name`, else `metadata.generateName`, else nothing.
    pub name: &'a str,
    /// The whole object.
    pub value: Value<'a>,
    /// Index of its file in [`Evidence::files`](crate::Evidence::files).
    pub file: u32,
    /// Number of its document in the file, from 0.
    pub document: u32,
    /// Whether the API server would refuse to decode it: then nothing in it can be said to pass.
    pub refused: bool,
}

impl<'a> Object<'a> {
    /// Reads the identity of an object, or `None` when the value has no `apiVersion` and `kind`. Items of a
    /// typed list may leave both out: they are then those of the list (`inherited`).
    pub(crate) fn read(
        value: Value<'a>,
        inherited: Option<(&'a str, &'a str)>,
        file: u32,
        document: u32,
    ) -> Option<Object<'a>> {
        if !value.is_mapping() {
            return None;
        }
        let own = |key| value.get(key).and_then(|v| v.as_str()).filter(|text| !text.is_empty());
        let api_version = own("apiVersion").or(inherited.map(|(api_version, _)| api_version))?;
        let kind = own("kind").or(inherited.map(|(_, kind)| kind))?;
        let metadata = value.get("metadata");
        let text = |key| metadata.and_then(|m| m.get(key)).and_then(|v| v.as_str()).filter(|t| !t.is_empty());
        Some(Object {
            api_version,
            group: group_of(api_version),
            kind,
            namespace: text("namespace"),
            name: text("name").or_else(|| text("generateName")).unwrap_or(""),
            value,
            file,
            document,
            refused: false,
        })
    }

    /// The API group: empty for the core group.
    pub fn group(&self) -> &'a str {
        self.group
    }

    /// Whether the object is of this group and kind, in any version.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group() == group
    }

    /// `metadata`, when it is there.
    pub fn metadata(&self) -> Option<Value<'a>> {
        self.value.get("metadata")
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&'a str> {
        self.value.at(&["metadata", "labels", key])?.as_str()
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&'a str> {
        self.value.at(&["metadata", "annotations", key])?.as_str()
    }
}

/// The group in an `apiVersion`.
pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

impl fmt::Display for Object<'_> {
    /// As people say it: `Deployment shop/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        f.write_str(" ")?;
        if let Some(namespace) = self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(if self.name.is_empty() { "(unnamed)" } else { self.name })
    }
}
