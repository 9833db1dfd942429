//! Whether a finding is within the scope of an exception.

use std::borrow::Cow;

use seaworthy_evidence::{Object, SourceFile};
use seaworthy_policy::{Exception, Match, Pattern, RbacSubject, absolute_path, path_below};

use crate::assessment::Finding;
use crate::verdict::Holder;

/// The paths of the files of the evidence, as exceptions mean them.
#[derive(Debug, Default)]
pub(super) struct Paths<'e> {
    working_directory: Option<&'e str>,
    files: &'e [&'e SourceFile],
    /// Absolute where the working directory is known; empty when no exception looks at files.
    absolute: Vec<String>,
}

impl<'e> Paths<'e> {
    /// Paths of all files, from the folder that relative names are meant from.
    pub(super) fn new(files: &'e [&'e SourceFile], working_directory: Option<&'e str>) -> Paths<'e> {
        let absolute = files.iter().map(|file| absolute_path(&file.name, working_directory)).collect();
        Paths { working_directory, files, absolute }
    }

    /// Whether the file of a finding matches one of the patterns. For a rendered text both count: the chart's or
    /// overlay's own file, and the file that the line was rendered from.
    fn matches(&self, exception: &Exception, finding: &Finding<'_>) -> bool {
        let folder = exception.origin.folder.as_deref();
        let fits = |path: &str| {
            path_below(path, folder)
                .is_some_and(|path| exception.scope.files.iter().any(|file| file.matches(path)))
        };
        let index = finding.subject.object.file as usize;
        if self.absolute.get(index).is_some_and(|path| fits(path)) {
            return true;
        }
        let Some(file) = self.files.get(index) else { return false };
        file.origin.as_deref().is_some_and(|origin| {
            let line = file.stream.position(finding.place.span().start).line;
            let template = origin.written(line).and_then(|written| origin.file(written));
            template.is_some_and(|name| fits(&absolute_path(name, self.working_directory)))
        })
    }
}

/// Whether a finding of one of the exception's controls is meant by it.
pub(super) fn covers(
    exception: &Exception,
    finding: &Finding<'_>,
    paths: &Paths<'_>,
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
        && (files.is_empty() || paths.matches(exception, finding))
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
