//! Navigation: a [`Value`] is a node and the stream that it stands in, as small as a slice.

use std::fmt;

use crate::scalar::{self, Resolved};
use crate::tree::{Kind, Node, Span, Stream, Style};

/// A value in a document. Copying it is free; everything it hands out borrows from the stream.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    stream: &'a Stream,
    index: u32,
}

impl<'a> Value<'a> {
    pub(crate) fn new(stream: &'a Stream, index: u32) -> Value<'a> {
        Value { stream, index }
    }

    fn node(&self) -> &'a Node {
        &self.stream.nodes[self.index as usize]
    }

    /// The stream that the value stands in.
    pub fn stream(&self) -> &'a Stream {
        self.stream
    }

    /// The number of the value in its stream: distinct for each value, ordered as in the text.
    pub fn id(&self) -> u32 {
        self.index
    }

    /// What the value is.
    pub fn kind(&self) -> Kind {
        self.node().kind
    }

    /// How it is written.
    pub fn style(&self) -> Style {
        self.node().style
    }

    /// The bytes of the value, with quotes and brackets, without its key.
    pub fn span(&self) -> Span {
        let node = self.node();
        Span { start: node.start, end: node.end }
    }

    /// Whether the value came from an anchor through an alias or merge key, so that its span lies elsewhere.
    pub fn is_aliased(&self) -> bool {
        self.node().flags & (Node::ALIASED | Node::MERGED) != 0
    }

    /// Whether it is null, which the Kubernetes API treats as absent.
    pub fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// Whether it is a map.
    pub fn is_mapping(&self) -> bool {
        self.kind() == Kind::Mapping
    }

    /// Whether it is a list.
    pub fn is_sequence(&self) -> bool {
        self.kind() == Kind::Sequence
    }

    /// The value of a key of this map; `None` when this is not a map, when the key is absent or when its
    /// value is null (the API takes both for absent). A key that occurs twice has the value of the last.
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.get_raw(key).filter(|value| !value.is_null())
    }

    /// As [`get`](Value::get), but a null is found as well.
    pub fn get_raw(&self, key: &str) -> Option<Value<'a>> {
        let Value { stream, index } = *self;
        let node = self.node();
        let mut found = None;
        let mut next = index + 1;
        let end = if node.kind == Kind::Mapping { node.link } else { 0 };
        while next < end {
            let value = Value { stream, index: next + 1 };
            if stream.nodes[next as usize].is_text(stream, key) {
                found = Some(value);
                // A second one would have been diagnosed.
                if stream.diagnostics.is_empty() {
                    break;
                }
            }
            next = value.after();
        }
        found
    }

    /// The value at the end of a path of keys, each by the rule of [`get`](Value::get).
    pub fn at(&self, path: &[&str]) -> Option<Value<'a>> {
        path.iter().try_fold(*self, |value, key| value.get(key))
    }

    /// The items of a list; nothing when this is not a list.
    pub fn items(&self) -> Items<'a> {
        let node = self.node();
        let end = if node.kind == Kind::Sequence { node.link } else { 0 };
        Items { stream: self.stream, next: self.index + 1, end }
    }

    /// Keys and values of a map in the order of the text, duplicates and nulls included; nothing when this
    /// is not a map.
    pub fn entries(&self) -> Entries<'a> {
        let node = self.node();
        let end = if node.kind == Kind::Mapping { node.link } else { 0 };
        Entries { stream: self.stream, next: self.index + 1, end }
    }

    /// Every value below this one, itself first, in the order of the text; keys are left out. Does not recurse.
    pub fn descendants(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let stream = self.stream;
        (self.index..self.after())
            .map(move |index| Value { stream, index })
            .filter(|value| value.node().flags & Node::KEY == 0)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&'a str> {
        (self.kind() == Kind::String).then(|| self.text())
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| matches!(scalar::resolve(self.text()), Resolved::Bool(true)))
    }

    /// The value of an integer within the range of `i64`.
    pub fn as_i64(&self) -> Option<i64> {
        match (self.kind(), scalar::resolve(self.text())) {
            (Kind::Int, Resolved::Int(value)) => Some(value),
            _ => None,
        }
    }

    /// The value of any number, rounded as Go rounds it.
    pub fn as_f64(&self) -> Option<f64> {
        matches!(self.kind(), Kind::Int | Kind::Float).then(|| scalar::float_value(self.text()))?
    }

    /// The text of a scalar after unescaping and unfolding, whatever its kind; empty for collections.
    pub fn text(&self) -> &'a str {
        let node = self.node();
        if matches!(node.kind, Kind::Sequence | Kind::Mapping) { "" } else { node.text(self.stream) }
    }

    /// The key under which the value stands in its map, or `None` for list items and roots.
    pub fn key(&self) -> Option<Value<'a>> {
        let index = self.index.checked_sub(1)?;
        let key = Value { stream: self.stream, index };
        (key.node().flags & Node::KEY != 0).then_some(key)
    }

    /// The bytes to show when this value is meant: key and value of a scalar entry, the key alone of a
    /// collection entry, the first key of a map in a list, else the value itself.
    pub fn entry_span(&self) -> Span {
        let collection = matches!(self.kind(), Kind::Mapping | Kind::Sequence);
        let span = self.span();
        match self.key() {
            Some(key) if collection || self.is_aliased() => key.span(),
            Some(key) => Span { start: key.span().start, end: span.end.max(key.span().end) },
            None if self.style() == Style::Block => match self.entries().next() {
                Some((key, value)) if matches!(value.kind(), Kind::Mapping | Kind::Sequence) => key.span(),
                Some((key, value)) => Span { start: key.span().start, end: value.span().end },
                None => span,
            },
            None => span,
        }
    }

    pub(crate) fn is_key(&self) -> bool {
        self.node().flags & Node::KEY != 0
    }

    /// Index of the node behind this one's subtree.
    pub(crate) fn after(&self) -> u32 {
        let node = self.node();
        match node.kind {
            Kind::Sequence | Kind::Mapping => node.link,
            _ => self.index + 1,
        }
    }
}

impl PartialEq for Value<'_> {
    /// The same place in the same stream, not an equal content.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.stream, other.stream) && self.index == other.index
    }
}

impl Eq for Value<'_> {}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            Kind::Mapping => f.debug_map().entries(self.entries()).finish(),
            Kind::Sequence => f.debug_list().entries(self.items()).finish(),
            Kind::String => write!(f, "{:?}", self.text()),
            _ => f.write_str(self.text()),
        }
    }
}

/// The items of a list; see [`Value::items`].
#[derive(Clone, Debug)]
pub struct Items<'a> {
    stream: &'a Stream,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.next >= self.end {
            return None;
        }
        let value = Value { stream: self.stream, index: self.next };
        self.next = value.after();
        Some(value)
    }
}

/// The entries of a map; see [`Value::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    stream: &'a Stream,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Value<'a>, Value<'a>);

    fn next(&mut self) -> Option<(Value<'a>, Value<'a>)> {
        if self.next >= self.end {
            return None;
        }
        let key = Value { stream: self.stream, index: self.next };
        let value = Value { stream: self.stream, index: self.next + 1 };
        self.next = value.after();
        Some((key, value))
    }
}
