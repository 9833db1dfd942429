//! `kind: Exception`: accepted risk with scope, reason, owner and expiry.

use std::sync::Arc;

use seaworthy_document::{Span, Stream, Value};

use crate::date::Date;
use crate::pattern::{PathPattern, Pattern};
use crate::strict::{Fields, Problems, Spanned};

/// A risk that somebody has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// `metadata.name` (or `name` of an entry in a configuration).
    pub name: Option<String>,
    /// `controls`: ids, families, or patterns of ids; at least one.
    pub controls: Vec<Spanned<String>>,
    /// `match`: which findings of these controls.
    pub scope: Match,
    /// `reason`: why it is acceptable.
    pub reason: String,
    /// `owner`: who answers for it.
    pub owner: String,
    /// `expires`: the last day on which it holds.
    pub expires: Date,
    /// Where it is declared.
    pub origin: Origin,
}

impl Exception {
    /// Its name, else where it stands.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => format!("{}:{}", self.origin.file, self.origin.line),
        }
    }
}

/// Where something is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, as people name it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// The bytes in the file.
    pub span: Span,
    /// The folder that patterns of files are meant from, absolute and without a slash at its end; `None`: they are
    /// compared with the names of files as they are.
    pub folder: Option<Arc<str>>,
}

/// Which findings: every criterion that is given must hold, each by one of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// Kinds of objects: `Deployment`, or with the group, `apps/Deployment`.
    pub kinds: Vec<Pattern>,
    /// Namespaces of objects; for a Namespace its own name.
    pub namespaces: Vec<Pattern>,
    /// Names of objects.
    pub names: Vec<Pattern>,
    /// Labels of objects: all of them must be there.
    pub labels: Vec<(String, Pattern)>,
    /// Files, from the folder of the file in which the exception stands.
    pub files: Vec<PathPattern>,
    /// Containers: only findings about one of them.
    pub containers: Vec<Pattern>,
    /// Subjects of role bindings: only findings about one of them.
    pub rbac_subjects: Vec<RbacSubject>,
    /// Fingerprints of findings, 32 hexadecimal digits in lower case.
    pub fingerprints: Vec<String>,
}

impl Match {
    /// Whether it narrows nothing down.
    pub fn is_empty(&self) -> bool {
        *self == Match::default()
    }

    /// Whether a criterion is nothing but `*`, so that it narrows nothing down either.
    pub fn is_boundless(&self) -> bool {
        let all = |patterns: &[Pattern]| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.as_str().bytes().all(|b| b == b'*'))
        };
        all(&self.kinds)
            && all(&self.namespaces)
            && all(&self.names)
            && self.labels.is_empty()
            && (self.files.is_empty()
                || self
                    .files
                    .iter()
                    .any(|file| file.as_str().bytes().all(|b| matches!(b, b'*' | b'/' | b'.'))))
            && self.containers.is_empty()
            && self.rbac_subjects.is_empty()
            && self.fingerprints.is_empty()
    }
}

/// A subject of role bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RbacSubject {
    /// `User`, `Group` or `ServiceAccount`; `None`: any.
    pub kind: Option<Pattern>,
    /// Its name.
    pub name: Pattern,
    /// Its namespace; `None`: any.
    pub namespace: Option<Pattern>,
}

/// What is needed to say where something stands.
pub(crate) struct Origins<'s> {
    pub(crate) file: Arc<str>,
    pub(crate) folder: Option<Arc<str>>,
    pub(crate) stream: &'s Stream,
}

impl Origins<'_> {
    fn of(&self, value: Value<'_>) -> Origin {
        let span = value.entry_span();
        let position = self.stream.position(span.start);
        Origin {
            file: Arc::clone(&self.file),
            line: position.line,
            column: position.column,
            span,
            folder: self.folder.clone(),
        }
    }
}

const FIELDS: &[&str] = &["controls", "match", "reason", "owner", "expires"];
const INLINE: &[&str] = &["name", "controls", "match", "reason", "owner", "expires"];
const MATCH: &[&str] =
    &["kinds", "namespaces", "names", "labels", "files", "containers", "rbacSubjects", "fingerprints"];
const SUBJECT: &[&str] = &["kind", "name", "namespace"];

/// Reads the exception in an object.
pub(crate) fn read_object(
    name: Option<String>,
    object: Value<'_>,
    origins: &Origins<'_>,
    problems: &mut Problems,
) -> Option<Exception> {
    let Some(spec) = object.get("spec") else {
        problems.at(object.entry_span(), "the exception has no `spec`");
        return None;
    };
    let fields = Fields::open(spec, "`spec`", FIELDS, problems)?;
    read(name, origins.of(object), fields)
}

/// Reads an entry of `exceptions` in a configuration.
pub(crate) fn read_inline(
    entry: Value<'_>,
    origins: &Origins<'_>,
    problems: &mut Problems,
) -> Option<Exception> {
    let mut fields = Fields::open(entry, "the exception", INLINE, problems)?;
    let name = fields.text("name").map(|name| name.value);
    read(name, origins.of(entry), fields)
}

fn read(name: Option<String>, origin: Origin, mut fields: Fields<'_, '_>) -> Option<Exception> {
    let controls = match fields.get("controls") {
        Some(_) => fields.texts("controls"),
        None => {
            let message = "the exception names no `controls`: list ids (`pods/privileged`), families (`pods`) \
                           or patterns (`pods/run-as-*`)";
            fields.problem(origin.span, message);
            None
        }
    };
    let reason = fields.required("reason", "say why the risk is acceptable");
    let owner = fields.required("owner", "say who answers for it");
    let expires = fields.required("expires", "give the last day on which it holds, as `2027-03-31`");
    let expires = expires.and_then(|text| match text.value.parse::<Date>() {
        Ok(date) => Some(date),
        Err(error) => {
            fields.problem(text.span, format!("`expires` is {error}"));
            None
        }
    });
    let scope = match fields.get("match") {
        Some(value) => read_match(value, fields.problems()),
        None => Some(Match::default()),
    };
    Some(Exception {
        name,
        controls: controls.filter(|controls| !controls.is_empty())?,
        scope: scope?,
        reason: reason?.value,
        owner: owner?.value,
        expires: expires?,
        origin,
    })
}

/// Reads the scope. One that is broken in any part is none at all: what is left of it would be wider than meant.
fn read_match(value: Value<'_>, problems: &mut Problems) -> Option<Match> {
    let before = problems.0.len();
    let mut fields = Fields::open(value, "`match`", MATCH, problems)?;
    let mut patterns = |key| -> Vec<Pattern> {
        fields.texts(key).into_iter().flatten().map(|text| Pattern::new(text.value)).collect()
    };
    let mut scope = Match {
        kinds: patterns("kinds"),
        namespaces: patterns("namespaces"),
        names: patterns("names"),
        containers: patterns("containers"),
        ..Match::default()
    };
    if let Some(labels) = fields.get("labels")
        && labels.is_mapping()
        && labels.entries().next().is_none()
    {
        fields.problem(labels.entry_span(), "`labels` is an empty map: leave it out or fill it");
    }
    let labels = fields.assignments("labels", false);
    scope.labels = labels.into_iter().map(|(key, value)| (key.value, Pattern::new(value.value))).collect();
    for file in fields.texts("files").into_iter().flatten() {
        match PathPattern::new(&file.value) {
            Some(pattern) => scope.files.push(pattern),
            None => {
                let message =
                    "a pattern of files stays within the folder of this file: write it as `deploy/**/*.yaml`";
                fields.problem(file.span, message);
            }
        }
    }
    for text in fields.texts("fingerprints").into_iter().flatten() {
        let fits = text.value.len() == 32 && text.value.bytes().all(|byte| byte.is_ascii_hexdigit());
        match fits {
            true => scope.fingerprints.push(text.value.to_ascii_lowercase()),
            false => {
                let message = "a fingerprint has 32 hexadecimal digits: copy it from the JSON report";
                fields.problem(text.span, message);
            }
        }
    }
    let subjects = fields.maps("rbacSubjects");
    if fields.get("rbacSubjects").is_some_and(|list| list.is_sequence()) && subjects.is_empty() {
        let span = fields.get("rbacSubjects").map_or(fields.span(), |list| list.entry_span());
        fields.problem(span, "`rbacSubjects` is an empty list: leave it out or fill it");
    }
    for subject in subjects {
        scope.rbac_subjects.extend(read_subject(subject, fields.problems()));
    }
    if scope.is_empty() && problems.0.len() == before {
        problems.at(value.entry_span(), "`match` is empty: leave it out, or say which objects are meant");
    }
    (problems.0.len() == before).then_some(scope)
}

fn read_subject(value: Value<'_>, problems: &mut Problems) -> Option<RbacSubject> {
    const KINDS: &[&str] = &["User", "Group", "ServiceAccount"];
    let mut fields = Fields::open(value, "the RBAC subject", SUBJECT, problems)?;
    let name = fields.required("name", "name the user, group or service account");
    let kind = fields.text("kind");
    if let Some(kind) = &kind
        && !kind.value.contains(['*', '?'])
        && !KINDS.contains(&kind.value.as_str())
    {
        let message = format!(
            "no subject of a role binding is of kind `{}`: use `User`, `Group` or `ServiceAccount`",
            crate::strict::short(&kind.value)
        );
        fields.problem(kind.span, message);
    }
    let namespace = fields.text("namespace");
    let pattern = |text: Spanned<String>| Pattern::new(text.value);
    Some(RbacSubject { kind: kind.map(pattern), name: pattern(name?), namespace: namespace.map(pattern) })
}
