//! What was not taken, and why.

use std::fmt;

/// Something that was not judged.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The path of a file or folder, or an object and its file.
    pub path: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why something was not judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// It holds no Kubernetes object.
    NotKubernetes,
    /// It is no text.
    Binary,
    /// It belongs to a Helm chart (the folder) and has to be rendered first.
    HelmTemplate(String),
    /// It is a template of another kind.
    Template,
    /// It has more bytes than are read.
    TooLarge(u64),
    /// It could not be read.
    Unreadable(String),
    /// It is a chart that was not rendered, and why.
    Chart(String),
    /// It is an overlay that was not rendered, and why.
    Overlay(String),
    /// It is a patch of an overlay that was not rendered: no object by itself.
    Patch,
    /// It is an object that says what to apply, but not from what was scanned: why.
    Elsewhere(String),
    /// It is an object for which something was rendered without a part of what it asks for.
    RenderedWithout(String),
    /// A person wants it left out: a file, or a folder with everything in it.
    Excluded,
    /// It is in a snapshot and does not belong there.
    Foreign,
    /// It is in a snapshot, or is one, and cannot be read as it should: why.
    Snapshot(String),
    /// It is a link that leads out of the folder, to another folder, or nowhere.
    Link,
}

impl SkipReason {
    /// Whether something that may concern Kubernetes was left unread, so that the result is incomplete.
    pub fn leaves_gap(&self) -> bool {
        !matches!(
            self,
            SkipReason::NotKubernetes | SkipReason::Binary | SkipReason::Excluded | SkipReason::Foreign
        )
    }
}

impl fmt::Display for SkipReason {
    /// What it is and why it was not judged, as in "not evaluated: not text".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::NotKubernetes => f.write_str("no Kubernetes object in it"),
            SkipReason::Binary => f.write_str("not text"),
            SkipReason::HelmTemplate(chart) => {
                write!(f, "template of the Helm chart `{chart}`, which was not rendered")
            }
            SkipReason::Template => f.write_str("template that has to be rendered first"),
            SkipReason::TooLarge(_) => f.write_str("larger than `--max-file-size`"),
            SkipReason::Unreadable(error) => write!(f, "cannot be read: {error}"),
            SkipReason::Chart(reason) => write!(f, "Helm chart that was not rendered: {reason}"),
            SkipReason::Overlay(reason) => write!(f, "overlay that was not rendered: {reason}"),
            SkipReason::Patch => f.write_str("patch of an overlay that was not rendered"),
            SkipReason::Elsewhere(reason) => {
                write!(f, "object that says what to apply, not followed: {reason}")
            }
            SkipReason::RenderedWithout(part) => {
                write!(f, "object whose chart or overlay was rendered without {part}")
            }
            SkipReason::Excluded => f.write_str("left out as `exclude` wants it"),
            SkipReason::Foreign => f.write_str("file in a snapshot that is no part of it"),
            SkipReason::Snapshot(reason) => write!(f, "damaged snapshot: {reason}"),
            SkipReason::Link => f.write_str("link that leads out of the folder or to a folder"),
        }
    }
}
