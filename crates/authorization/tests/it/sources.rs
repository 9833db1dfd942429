//! Policies from texts.

use seaworthy_authorization::{Policy, Rule, Source};
use seaworthy_document::{Stream, Value};

/// Files with their paths.
pub(crate) fn streams(files: &[(&str, &str)]) -> Vec<(String, Stream)> {
    files.iter().map(|(path, text)| ((*path).to_owned(), Stream::read(*text))).collect()
}

/// The policy of all objects in some files; the items of lists too.
pub(crate) fn policy(files: &[(String, Stream)]) -> Policy<'_> {
    let mut sources = Vec::new();
    for (number, (path, stream)) in files.iter().enumerate() {
        for document in stream.documents() {
            let root = document.root();
            match root.get("items") {
                Some(items) => sources.extend(items.items().map(|item| source(item, number, path))),
                None => sources.push(source(root, number, path)),
            }
        }
    }
    Policy::new(sources)
}

fn source<'a>(value: Value<'a>, file: usize, path: &'a str) -> Source<'a> {
    let text = |path: &[&str]| value.at(path).and_then(|value| value.as_str());
    Source {
        kind: text(&["kind"]).unwrap_or_default(),
        namespace: text(&["metadata", "namespace"]),
        name: text(&["metadata", "name"]).unwrap_or_default(),
        value,
        file: file as u32,
        path,
    }
}

/// The rules of a text that is a list of them.
pub(crate) fn rules(stream: &Stream) -> Vec<Rule<'_>> {
    stream
        .documents()
        .next()
        .into_iter()
        .flat_map(|document| document.root().items())
        .map(Rule::new)
        .collect()
}
