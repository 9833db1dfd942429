//! Which file of an overlay a rendered line comes from: the same object, the same path, the same value.

use std::collections::HashMap;

use seaworthy_document::{Stream, Value};
use seaworthy_evidence::Written;

use super::lines::fill;

/// Names that an object may have had before prefixes and suffixes.
const NAMES: usize = 64;
/// Objects and patches that are held against one rendered object.
const SOURCES: usize = 8;
/// Letters and digits of the hash that Kustomize adds to generated names, with the dash.
const HASH: usize = 11;

/// Objects and patches by kind and name; patches come before what they patch.
pub(crate) struct Sources<'s> {
    by_name: HashMap<(&'s str, &'s str), Vec<(u32, Value<'s>)>>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

impl<'s> Sources<'s> {
    /// `streams` are the files in the order in which they are preferred.
    pub(crate) fn new(
        streams: impl Iterator<Item = &'s Stream>,
        prefixes: Vec<String>,
        suffixes: Vec<String>,
    ) -> Sources<'s> {
        let mut by_name: HashMap<(&str, &str), Vec<(u32, Value<'s>)>> = HashMap::new();
        for (file, stream) in streams.enumerate() {
            let roots = stream.documents().map(|document| document.root());
            let objects = roots.flat_map(|root| {
                let items = root.get("items").filter(Value::is_sequence);
                std::iter::once(root).chain(items.into_iter().flat_map(|list| list.items()))
            });
            for object in objects {
                if let Some(identity) = identity(&object) {
                    let same = by_name.entry(identity).or_default();
                    if same.len() < SOURCES {
                        same.push((file as u32, object));
                    }
                }
            }
        }
        Sources { by_name, prefixes, suffixes }
    }

    /// A place for each line of a rendered text, and for the maps in lists.
    pub(crate) fn trace(&self, stream: &Stream) -> Traced {
        let mut traced = Traced { lines: vec![None; stream.text().lines().count()], items: Vec::new() };
        for document in stream.documents() {
            let root = document.root();
            let Some((kind, name)) = identity(&root) else { continue };
            let sources = self
                .names(name)
                .into_iter()
                .find_map(|name| self.by_name.get(&(kind, name)))
                .cloned()
                .unwrap_or_default();
            traced.object(root, sources);
        }
        fill(stream.text(), &mut traced.lines);
        let lines = &traced.lines;
        traced.items.sort_by_key(|(line, _)| *line);
        traced.items.dedup_by_key(|(line, _)| *line);
        traced.items.retain(|(line, written)| lines.get(*line as usize - 1) != Some(&Some(*written)));
        traced
    }

    /// The names that an object may have had before the overlay made this one of it, likely ones first.
    fn names<'n>(&self, name: &'n str) -> Vec<&'n str> {
        let mut names = vec![name];
        if let Some((before, hash)) = name.split_at_checked(name.len().saturating_sub(HASH))
            && hash.starts_with('-')
        {
            names.push(before);
        }
        let mut at = 0;
        while let Some(&name) = names.get(at) {
            at += 1;
            let shorter = self
                .prefixes
                .iter()
                .filter_map(|prefix| name.strip_prefix(prefix.as_str()))
                .chain(self.suffixes.iter().filter_map(|suffix| name.strip_suffix(suffix.as_str())));
            for name in shorter {
                if names.len() < NAMES && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }
}

fn identity<'s>(object: &Value<'s>) -> Option<(&'s str, &'s str)> {
    Some((object.get("kind")?.as_str()?, object.at(&["metadata", "name"])?.as_str()?))
}

type Places<'s> = Vec<(u32, Value<'s>)>;

/// What is known about the lines of a rendered text; see `Origin` of `seaworthy-evidence`.
#[derive(Debug)]
pub(crate) struct Traced {
    pub(crate) lines: Vec<Option<Written>>,
    pub(crate) items: Vec<(u32, Written)>,
}

impl Traced {
    /// Marks the lines of an object with the places of the same values in its sources.
    fn object(&mut self, root: Value<'_>, sources: Places<'_>) {
        let mut open = vec![(root, sources)];
        while let Some((value, sources)) = open.pop() {
            let inside: Vec<(u32, Children<'_>)> =
                sources.iter().map(|(file, source)| (*file, Children::new(*source))).collect();
            let named = value.entries().map(|(key, child)| (key.text().to_owned(), child));
            let items = value.items().enumerate().map(|(index, item)| (item_name(index, &item), item));
            for (name, child) in named.chain(items) {
                let places: Places<'_> = inside
                    .iter()
                    .filter_map(|(file, children)| Some((*file, children.get(&name)?)))
                    .collect();
                self.mark(child, &places);
                if !places.is_empty() && (child.is_mapping() || child.is_sequence()) {
                    open.push((child, places));
                }
            }
        }
    }

    fn mark(&mut self, value: Value<'_>, places: &Places<'_>) {
        let same =
            |(_, place): &&(u32, Value<'_>)| place.kind() == value.kind() && place.text() == value.text();
        let item = value.is_mapping() && value.key().is_none();
        // A patch names an item only to find it: the item stands in what is patched.
        let exact = if item { places.iter().rev().find(same) } else { places.iter().find(same) };
        let Some((file, place)) = exact.or(places.first()) else { return };
        let rendered = value.stream().position(value.entry_span().start);
        let Some(slot) = self.lines.get_mut((rendered.line as usize).saturating_sub(1)) else { return };
        let span = place.entry_span();
        let start = place.stream().position(span.start);
        let end = place.stream().position(span.end.max(span.start));
        let line_end =
            || place.stream().line(start.line).map_or(start.column, |line| line.chars().count() as u32 + 1);
        let written = Written {
            file: *file,
            line: start.line,
            column: start.column,
            end_column: if end.line == start.line { end.column } else { line_end() },
            rendered_column: rendered.column,
            exact: exact.is_some(),
        };
        if item {
            self.items.push((rendered.line, written));
        }
        if slot.is_none() || exact.is_some() {
            *slot = Some(written);
        }
    }
}

/// What is directly inside a map or list, by its key, name, text or number.
struct Children<'s>(HashMap<String, Value<'s>>);

impl<'s> Children<'s> {
    fn new(value: Value<'s>) -> Children<'s> {
        let named = value.entries().map(|(key, child)| (key.text().to_owned(), child));
        let items = value.items().enumerate().map(|(index, item)| (item_name(index, &item), item));
        Children(named.chain(items).collect())
    }

    fn get(&self, name: &str) -> Option<Value<'s>> {
        self.0.get(name).copied()
    }
}

/// By what an item of a list is known.
fn item_name(index: usize, item: &Value<'_>) -> String {
    match item.get("name").and_then(|name| name.as_str()) {
        Some(name) => format!("name {name}"),
        None if item.is_mapping() || item.is_sequence() => format!("number {index}"),
        None => format!("text {}", item.text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_in_the_base_or_in_the_patch_that_says_it() {
        let patch = "kind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 3\n";
        let base = "# a comment\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  containers:\n    - image: i\n      name: c\n";
        let rendered = "kind: Deployment\nmetadata:\n  name: prod-web\nspec:\n  replicas: 3\n  containers:\n  - image: other\n    name: c\n    new: 1\n";
        let streams = [Stream::read(patch), Stream::read(base)];
        let sources = Sources::new(streams.iter(), vec!["prod-".to_owned()], Vec::new());
        let traced = sources.trace(&Stream::read(rendered));
        let places: Vec<_> =
            traced.lines.iter().map(|line| line.map(|line| (line.file, line.line, line.exact))).collect();
        assert_eq!(
            places,
            [
                Some((0, 1, true)),
                Some((0, 2, true)),
                Some((0, 2, false)),
                Some((0, 3, true)),
                Some((0, 4, true)),
                Some((1, 7, true)),
                Some((1, 8, true)),
                Some((1, 9, true)),
                Some((1, 8, false)),
            ]
        );
    }

    #[test]
    fn an_item_is_found_although_its_keys_were_sorted() {
        let base = "kind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: c\n    image: i\n    args: [a]\n";
        let rendered = "kind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - args:\n    - a\n    image: i\n    name: c\n";
        let streams = [Stream::read(base)];
        let traced = Sources::new(streams.iter(), Vec::new(), Vec::new()).trace(&Stream::read(rendered));
        let items: Vec<_> = traced.items.iter().map(|(line, written)| (*line, written.line)).collect();
        assert_eq!(items, [(6, 5)]);
        assert_eq!(traced.lines[5].map(|written| written.line), Some(7));
    }

    #[test]
    fn generated_names_lose_their_hash() {
        let sources = Sources::new([].into_iter(), vec!["p-".to_owned()], vec!["-s".to_owned()]);
        let names = sources.names("p-settings-s-7f9k2h4d5t");
        assert!(names.contains(&"settings"), "{names:?}");
    }
}
