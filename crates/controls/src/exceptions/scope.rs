//! Whether a finding is within the scope of an exception.

use std::borrow::Cow;

use seaworthy_evidence::{Evidence, Object};
use seaworthy_policy::{Exception, Match, Pattern, RbacSubject};

use crate::assessment::Finding;
use crate::verdict::Holder;

/// The paths of the files of the evidence, as exceptions mean them.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// Absolute where the working directory is known; empty when no exception looks at files.
    absolute: Vec<String>,
}

impl Paths {
    /// Paths of all files, from the folder that relative names are meant from.
    pub(super) fn new(evidence: &Evidence<'_>, working_directory: Option<&str>) -> Paths {
        let absolute = |name: &str| match working_directory {
            Some(folder) if !name.starts_with('/') => normal(&format!("{folder}/{name}")),
            Some(_) => normal(name),
            None => name.to_owned(),
        };
        Paths { absolute: evidence.files().iter().map(|file| absolute(&file.name)).collect() }
    }

    /// The path of a file below the folder of an exception; `None` when it lies elsewhere.
    fn below(&self, file: u32, folder: Option<&str>) -> Option<&str> {
        let path = self.absolute.get(file as usize)?;
        let Some(folder) = folder.filter(|_| path.starts_with('/')) else { return Some(path) };
        path.strip_prefix(folder.trim_end_matches('/'))?.strip_prefix('/')
    }
}

/// An absolute path without `.`, `..` and doubled slashes. Links are not looked at: this is text.
fn normal(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

/// Whether a finding of one of the exception's controls is meant by it.
pub(super) fn covers(
    exception: &Exception,
    finding: &Finding<'_>,
    paths: &Paths,
    fingerprint: impl Fn() -> String,
) -> bool {
    let Match { kinds, namespaces, names, labels, files, containers, rbac_subjects, fingerprints } =
        &exception.scope;
    let object = finding.subject.object;
    any(names, || Some(object.name.into()))
        && any(containers, || finding.subject.container.map(Cow::Borrowed))
        && any(namespaces, || namespace(object).map(Cow::Borrowed))
        && (kinds.is_empty() || kinds.iter().any(|kind| is_kind(kind, object)))
        && labels.iter().all(|(key, value)| object.label(key).is_some_and(|label| value.matches(label)))
        && (rbac_subjects.is_empty()
            || finding
                .subject
                .holder
                .is_some_and(|holder| rbac_subjects.iter().any(|subject| is(subject, &holder))))
        && (files.is_empty()
            || paths
                .below(object.file, exception.origin.folder.as_deref())
                .is_some_and(|path| files.iter().any(|file| file.matches(path))))
        && (fingerprints.is_empty() || fingerprints.contains(&fingerprint()))
}

/// No pattern, or one that matches what is there.
fn any<'t>(patterns: &[Pattern], text: impl FnOnce() -> Option<Cow<'t, str>>) -> bool {
    patterns.is_empty() || text().is_some_and(|text| patterns.iter().any(|pattern| pattern.matches(&text)))
}

/// The namespace of an object; a Namespace stands in itself.
fn namespace<'a>(object: &Object<'a>) -> Option<&'a str> {
    if object.is("", "Namespace") { Some(object.name) } else { object.namespace }
}

fn is(subject: &RbacSubject, holder: &Holder<'_>) -> bool {
    let fits = |pattern: &Option<Pattern>, text: Option<&str>| match pattern {
        Some(pattern) => text.is_some_and(|text| pattern.matches(text)),
        None => true,
    };
    subject.name.matches(holder.name)
        && fits(&subject.kind, Some(holder.kind))
        && fits(&subject.namespace, holder.namespace)
}

/// A kind is written alone, or behind its group: `apps/Deployment`.
fn is_kind(pattern: &Pattern, object: &Object<'_>) -> bool {
    match pattern.as_str().contains('/') {
        true => pattern.matches(&format!("{}/{}", object.group(), object.kind)),
        false => pattern.matches(object.kind),
    }
}

#[cfg(test)]
mod tests {
    use super::{Paths, normal};

    #[test]
    fn paths_are_those_below_the_folder_of_the_exception() {
        assert_eq!(normal("/a/./b//c/../d"), "/a/b/d");
        assert_eq!(normal("/../../a"), "/a");
        let paths = Paths { absolute: vec!["/repo/deploy/web.yaml".into(), "web.yaml".into()] };
        assert_eq!(paths.below(0, Some("/repo")), Some("deploy/web.yaml"));
        assert_eq!(paths.below(0, Some("/")), Some("repo/deploy/web.yaml"));
        assert_eq!(paths.below(0, Some("/rep")), None);
        assert_eq!(paths.below(1, Some("/repo")), Some("web.yaml"));
        assert_eq!(paths.below(2, None), None);
    }
}
