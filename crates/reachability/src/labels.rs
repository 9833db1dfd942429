//! Labels, as far as they are known.

use seaworthy_document::Value;

/// The label that the API server sets on every namespace.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Labels of a pod or namespace. Some may not be known: a placeholder stands in their place, or the object that bears
/// them was not read.
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    /// Sorted by key, each key once; `None` where the value is not known.
    pairs: Vec<(&'a str, Option<&'a str>)>,
    /// Whether there are no others.
    complete: bool,
}

/// What is known of the value of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known<'a> {
    /// The label is not there.
    Absent,
    /// The label is there, with this value.
    Is(&'a str),
    /// The label is there, with any value.
    Present,
    /// Nothing is known.
    Nothing,
}

impl<'a> Labels<'a> {
    /// Labels of which nothing is known.
    pub fn unknown() -> Labels<'a> {
        Labels { pairs: Vec::new(), complete: false }
    }

    /// Labels as they stand in `metadata`; none when that is missing.
    pub fn of(metadata: Option<Value<'a>>) -> Labels<'a> {
        let Some(labels) = metadata.and_then(|metadata| metadata.get("labels")) else {
            return Labels { pairs: Vec::new(), complete: true };
        };
        let mut read = Labels { pairs: Vec::new(), complete: labels.is_mapping() };
        for (key, value) in labels.entries() {
            if is_placeholder(key.text()) {
                read.complete = false;
                continue;
            }
            let text = if value.is_null() { Some("") } else { value.as_str() };
            read.pairs.push((key.text(), text.filter(|text| !is_placeholder(text))));
        }
        // Of two equal keys the last counts.
        read.pairs.reverse();
        read.pairs.sort_by_key(|(key, _)| *key);
        read.pairs.dedup_by_key(|(key, _)| *key);
        read
    }

    /// Labels of a namespace: those of its object, or nothing but its name where the object was not read, or not even
    /// that where the files leave open which namespace it is.
    pub fn of_namespace(name: Option<&'a str>, object: Option<Value<'a>>) -> Labels<'a> {
        let mut labels = match object {
            Some(object) => Labels::of(object.get("metadata")),
            None => Labels::unknown(),
        };
        let name = name.filter(|name| !is_placeholder(name));
        match labels.pairs.binary_search_by_key(&NAMESPACE_NAME, |(key, _)| *key) {
            Ok(index) => labels.pairs[index].1 = name,
            Err(index) => labels.pairs.insert(index, (NAMESPACE_NAME, name)),
        }
        labels
    }

    pub(crate) fn get(&self, key: &str) -> Known<'a> {
        match self.pairs.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(index) => match self.pairs[index].1 {
                Some(value) => Known::Is(value),
                None => Known::Present,
            },
            Err(_) if self.complete => Known::Absent,
            Err(_) => Known::Nothing,
        }
    }

    /// The pairs that are known; `None` when there may be others, or values that are not known.
    pub(crate) fn known_pairs(&self) -> Option<impl Iterator<Item = (&'a str, &'a str)>> {
        let known = self.complete && self.pairs.iter().all(|(_, value)| value.is_some());
        known.then(|| self.pairs.iter().filter_map(|(key, value)| Some((*key, (*value)?))))
    }
}

/// Whether a text stands for another one. Names, label keys and values, addresses and port names hold none of these
/// characters, those of templates and variables do: `${NAME}`, `$(NAME)`, `{{ .Values.name }}`, `<name>`, `%NAME%`,
/// `[NAME]`, `@NAME@`.
pub(crate) fn is_placeholder(text: &str) -> bool {
    text.contains(['$', '{', '<', '[', '%', '@'])
}
