//! The pieces of which upstream's messages are made.

use crate::failure::{Found, Setter};
use crate::quote::go_quote;

/// The word for one or for another number of things.
pub(crate) fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

/// `"a", "b"`: between quotes, without escapes.
pub(crate) fn quoted<T: AsRef<str>>(items: &[T]) -> String {
    let mut text = String::new();
    for item in items {
        text.push_str(if text.is_empty() { "\"" } else { ", \"" });
        text.push_str(item.as_ref());
        text.push('"');
    }
    text
}

/// The items in the order of their bytes, each once.
pub(crate) fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort_unstable();
    items.dedup();
    items
}

/// The texts of the values that are not allowed, sorted, each once.
pub(crate) fn bad_values<'a>(found: &[Found<'a>]) -> Vec<&'a str> {
    sorted(found.iter().filter_map(|found| found.bad))
}

/// The names of the containers at fault in the order of the pod; containers of equal names stay apart.
pub(crate) fn container_names<'f, 'a: 'f>(found: impl IntoIterator<Item = &'f Found<'a>>) -> Vec<&'a str> {
    let mut names = Vec::new();
    let mut last = None;
    for found in found {
        let Setter::Container(container) = found.setter else { continue };
        if last != Some(container) {
            names.push(container.name());
            last = Some(container);
        }
    }
    names
}

/// `key="value"` for every annotation at fault, with the escapes of Go in the value, sorted, each once.
pub(crate) fn assignments<'f, 'a: 'f>(found: impl IntoIterator<Item = &'f Found<'a>>) -> Vec<String> {
    sorted(found.into_iter().filter_map(|found| match (found.setter, found.bad) {
        (Setter::Annotation(key), Some(value)) => Some(format!("{key}={}", go_quote(value))),
        _ => None,
    }))
}

/// `container "a"` or `containers "a", "b"`.
pub(crate) fn containers(names: &[&str]) -> String {
    format!("{} {}", plural(names.len(), "container", "containers"), quoted(names))
}

/// Who set what is not allowed: `pod`, then the containers; more may follow.
pub(crate) fn setters(found: &[Found<'_>]) -> Vec<String> {
    let mut setters = Vec::new();
    if found.iter().any(|found| found.setter == Setter::Pod) {
        setters.push("pod".to_owned());
    }
    let names = container_names(found);
    if !names.is_empty() {
        setters.push(containers(&names));
    }
    setters
}

/// What was set explicitly, or `None` when everything at fault is at fault by setting nothing.
pub(crate) fn explicit<'a>(found: &[Found<'a>]) -> Option<Vec<Found<'a>>> {
    let explicit: Vec<_> = found.iter().copied().filter(|found| found.bad.is_some()).collect();
    (!explicit.is_empty()).then_some(explicit)
}
