//! What the record of a collection says, live or in a snapshot: which version the cluster is of, and what it did not tell.

use std::collections::BTreeMap;

use seaworthy_document::Value;
use seaworthy_evidence::{SourceFile, collection};
use seaworthy_podsecurity::Version;
use seaworthy_report::Skipped;

/// Names of what was not told that reports show.
const EXAMPLES: usize = 5;

/// What is to be said of a cluster beside its evidence.
pub(crate) struct Recorded {
    /// The version by whose rules its API server judges.
    pub(crate) version: Option<Version>,
    /// What it did not tell, by reason.
    pub(crate) skipped: Vec<Skipped>,
}

/// Reads the record among some files; `None` when they are of no cluster.
pub(crate) fn recorded(files: &[SourceFile]) -> Option<Recorded> {
    let record = files.iter().filter(|file| file.name == "collection.json").find_map(|file| {
        let root = file.stream.documents().next()?.root();
        let of = root.get("apiVersion")?.as_str()?;
        of.starts_with(collection::GROUP).then_some(root)
    })?;
    let version = record.at(&["server", "version"]).and_then(|version| version_of(version.as_str()?));
    let mut by_reason: BTreeMap<&'static str, Skipped> = BTreeMap::new();
    let mut add = |reason: &'static str, what: String| {
        let entry = by_reason.entry(reason).or_insert_with(|| Skipped {
            reason: reason.to_owned(),
            count: 0,
            examples: Vec::new(),
        });
        entry.count += 1;
        if entry.examples.len() < EXAMPLES {
            entry.examples.push(what);
        }
    };
    for list in items(record, "lists") {
        let Some(refused) = list.get("refused") else { continue };
        match refused.text().starts_with("forbidden") {
            true => add("kinds that the cluster does not let you list", plural(&list)),
            false => add(INCOMPLETE, refused.text().to_owned()),
        }
    }
    for group in items(record, "unavailable") {
        add(INCOMPLETE, format!("the server does not tell what the group holds: {}", group.text()));
    }
    Some(Recorded { version, skipped: by_reason.into_values().collect() })
}

const INCOMPLETE: &str = "kinds that the cluster did not tell all of";

fn items<'a>(record: Value<'a>, key: &str) -> impl Iterator<Item = Value<'a>> {
    record.get(key).into_iter().flat_map(|list| list.items())
}

/// A kind as `secrets` or `deployments.apps`.
fn plural(list: &Value<'_>) -> String {
    let text = |key| list.get(key).map_or("", |value| value.text());
    match text("apiVersion").split_once('/') {
        Some((group, _)) => format!("{}.{group}", text("resource")),
        None => text("resource").to_owned(),
    }
}

/// The version by whose rules the API server judges: `v1.36` of `v1.36.3-eks-1`.
fn version_of(text: &str) -> Option<Version> {
    let mut parts = text.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let digits = minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len());
    format!("{major}.{}", &minor[..digits]).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_providers_are_those_of_kubernetes() {
        for (text, expected) in [
            ("v1.36.3", Some("v1.36")),
            ("v1.33.1-eks-595af52", Some("v1.33")),
            ("v1.32.4+k3s1", Some("v1.32")),
            ("v1.31.9-gke.1044001", Some("v1.31")),
            ("v1.30+", Some("v1.30")),
            ("v0.0.0-master+$Format:%H$", None),
            ("", None),
        ] {
            assert_eq!(version_of(text).map(|version| version.to_string()).as_deref(), expected, "{text}");
        }
    }
}
