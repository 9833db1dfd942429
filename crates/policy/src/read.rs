//! A file of declarations.

use std::sync::Arc;

use seaworthy_document::{Stream, Value};

use crate::configuration::{self, Configuration};
use crate::exception::{self, Exception, Origins};
use crate::nearest::nearest;
use crate::strict::{Fields, Problem, Problems, kind_name, short};

/// The version of the contract.
pub const API_VERSION: &str = "seaworthy.dev/v1alpha1";

const CONFIGURATION: &str = "Configuration";
const EXCEPTION: &str = "Exception";
const FIELDS: &[&str] = &["apiVersion", "kind", "metadata", "spec", "status"];
/// Those that people write, and those that an API server adds.
const METADATA: &[&str] = &[
    "name",
    "namespace",
    "labels",
    "annotations",
    "creationTimestamp",
    "finalizers",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Where a text of declarations comes from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file as people name it.
    pub name: Arc<str>,
    /// The folder that patterns of files in it are meant from, absolute and without a slash at its end.
    pub folder: Option<Arc<str>>,
}

impl Source {
    /// A file of which only the name matters.
    pub fn new(name: &str) -> Source {
        Source { name: name.into(), folder: None }
    }
}

/// What a file declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// The configuration, when there is one.
    pub configuration: Option<Configuration>,
    /// Exceptions: objects, and entries of the configuration, in the order of the file.
    pub exceptions: Vec<Exception>,
    /// Everything that is wrong. What is wrong has no effect; whoever asked should be told before anything is done.
    pub problems: Vec<Problem>,
}

/// Reads the objects of a file. Never fails and never panics, whatever the text.
pub fn read(source: &Source, stream: &Stream) -> Declared {
    let mut problems = Problems::default();
    for diagnostic in stream.diagnostics() {
        problems.at(diagnostic.span, diagnostic.message.clone());
    }
    let origins = Origins { file: Arc::clone(&source.name), folder: source.folder.clone(), stream };
    let mut declared = Declared::default();
    for document in stream.documents() {
        read_object(document.root(), &origins, &mut declared, &mut problems);
    }
    declared.problems = problems.0;
    declared.problems.sort_by_key(|problem| problem.span);
    declared
}

fn read_object(object: Value<'_>, origins: &Origins<'_>, declared: &mut Declared, problems: &mut Problems) {
    if object.is_null() {
        return;
    }
    let span = object.entry_span();
    if !object.is_mapping() {
        let message = format!(
            "expected an object of kind `{CONFIGURATION}` or `{EXCEPTION}`, not {}",
            kind_name(object)
        );
        return problems.at(span, message);
    }
    let text = |key: &str| object.get(key).and_then(|value| value.as_str());
    let Some(kind) = text("kind") else {
        let message = format!(
            "no `kind`: write `apiVersion: {API_VERSION}` and `kind: {CONFIGURATION}` or `{EXCEPTION}`"
        );
        return problems.at(span, message);
    };
    if ![CONFIGURATION, EXCEPTION].contains(&kind) {
        let at = object.get("kind").map_or(span, |value| value.span());
        let hint = match nearest(kind, [CONFIGURATION, EXCEPTION].into_iter()).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("this file may hold `{CONFIGURATION}` and `{EXCEPTION}` objects"),
        };
        return problems.at(at, format!("`kind: {}` is not known here: {hint}", short(kind)));
    }
    match text("apiVersion") {
        Some(API_VERSION) => {}
        other => {
            let at = object.get("apiVersion").map_or(span, |value| value.entry_span());
            let message = match other {
                Some(other) => format!("`apiVersion: {}` is not known: write `{API_VERSION}`", short(other)),
                None => format!("no `apiVersion`: write `apiVersion: {API_VERSION}`"),
            };
            return problems.at(at, message);
        }
    }
    if Fields::open(object, "the object", FIELDS, problems).is_none() {
        return;
    }
    let name = object.get("metadata").and_then(|metadata| {
        let mut fields = Fields::open(metadata, "`metadata`", METADATA, problems)?;
        fields.text("name").map(|name| name.value)
    });
    if kind == EXCEPTION {
        declared.exceptions.extend(exception::read_object(name, object, origins, problems));
        return;
    }
    if declared.configuration.is_some() {
        return problems.at(span, "a second `Configuration`: a file holds one");
    }
    let spec = object.get("spec");
    declared.configuration =
        Some(configuration::read(name, spec, origins, &mut declared.exceptions, problems));
}
