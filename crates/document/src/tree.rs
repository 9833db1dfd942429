//! The tree: every document of one file in one arena of 16-byte nodes that point into the file's text.

use std::sync::OnceLock;

use crate::read::{self, Limits};
use crate::value::Value;

/// A half-open range of bytes in the text of a [`Stream`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

/// A place in a text as people count it: line and column from 1, columns in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in Unicode scalar values.
    pub column: u32,
}

/// What a node holds after the resolution that `sigs.k8s.io/yaml` applies (YAML 1.1 as in goyaml v2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// `null`, `~` or nothing at all.
    Null,
    /// A boolean, in any of the YAML 1.1 spellings.
    Bool,
    /// An integer that fits in 64 bits (signed or unsigned).
    Int,
    /// Any other number.
    Float,
    /// Text.
    String,
    /// A list.
    Sequence,
    /// A map from text to values, in the order of the file.
    Mapping,
}

impl Kind {
    /// The word for this kind in messages to people.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "boolean",
            Kind::Int => "integer",
            Kind::Float => "number",
            Kind::String => "string",
            Kind::Sequence => "list",
            Kind::Mapping => "map",
        }
    }
}

/// How a node is written in the file; an editor keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// `'single quoted'`.
    SingleQuoted,
    /// `"double quoted"`, also every JSON string.
    DoubleQuoted,
    /// A block scalar introduced by `|`.
    Literal,
    /// A block scalar introduced by `>`.
    Folded,
    /// A collection written by indentation.
    Block,
    /// A collection written with brackets or braces, also in JSON.
    Flow,
}

/// The syntax that a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

/// Which reader built a document's tree; of interest to tests and benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The reader of the subset in which manifests are written.
    Subset,
    /// The complete YAML parser (libyaml).
    Complete,
    /// The JSON reader.
    Json,
}

/// Something wrong with the text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The bytes in question.
    pub span: Span,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The document in which it is, counted from 0 as kubectl reads them.
    pub document: u32,
}

/// One node. For a collection `link` is the index of the node behind its subtree; for a scalar it is
/// 0 when the value is the text between `start` and `end` (less quotes), else 1 + the index in `decoded`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) link: u32,
    pub(crate) kind: Kind,
    pub(crate) style: Style,
    pub(crate) flags: u8,
}

impl Node {
    /// The node is the key of a mapping; the node behind it is its value.
    pub(crate) const KEY: u8 = 1;
    /// The node was copied from an anchor: an editor must change the anchor instead.
    pub(crate) const ALIASED: u8 = 2;
    /// The entry came through a merge key (`<<`).
    pub(crate) const MERGED: u8 = 4;
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct DocumentEntry {
    pub(crate) root: u32,
    pub(crate) span: Span,
    pub(crate) format: Format,
    pub(crate) reader: Reader,
    pub(crate) ordinal: u32,
}

/// The text of one file and the trees of all its documents.
#[derive(Debug, Default)]
pub struct Stream {
    pub(crate) text: String,
    pub(crate) nodes: Vec<Node>,
    /// Values that differ from their text (escapes, folded lines), one behind the other.
    pub(crate) scratch: String,
    /// Ranges in `scratch`.
    pub(crate) decoded: Vec<Span>,
    pub(crate) documents: Vec<DocumentEntry>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    lines: OnceLock<Vec<u32>>,
}

impl Stream {
    /// Reads a text of YAML documents or JSON values. Never fails: what could not be read is in
    /// [`diagnostics`](Stream::diagnostics), and the documents around it are read all the same.
    pub fn read(text: impl Into<String>) -> Stream {
        Stream::read_with(text, &Limits::default())
    }

    /// As [`read`](Stream::read), with other limits than the default ones.
    pub fn read_with(text: impl Into<String>, limits: &Limits) -> Stream {
        let mut stream = Stream { text: text.into(), ..Stream::default() };
        read::read(&mut stream, limits);
        stream
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The documents that could be read, in order. Empty ones (comments only) are left out.
    pub fn documents(&self) -> impl ExactSizeIterator<Item = Document<'_>> + Clone {
        self.documents.iter().map(|entry| Document { stream: self, entry })
    }

    /// What is wrong with the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Number of nodes of all documents.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Line and column of a byte offset. Builds an index of lines on first use.
    pub fn position(&self, offset: u32) -> Position {
        let lines = self.lines();
        let line = lines.partition_point(|&start| start <= offset);
        let start = lines[line - 1] as usize;
        let end = (offset as usize).min(self.text.len());
        let column = match self.text.get(start..end) {
            Some(before) => before.chars().count(),
            None => end - start, // inside a character
        };
        Position { line: line as u32, column: column as u32 + 1 }
    }

    /// The text of a line (counted from 1) without its line break, or `None` behind the last one.
    pub fn line(&self, line: u32) -> Option<&str> {
        let lines = self.lines();
        let index = (line as usize).checked_sub(1)?;
        let start = *lines.get(index)? as usize;
        let end = lines.get(index + 1).map_or(self.text.len(), |&next| next as usize);
        let text = &self.text[start..end];
        let text = text.strip_suffix('\n').unwrap_or(text);
        Some(text.strip_suffix('\r').unwrap_or(text))
    }

    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let mut starts = vec![0];
            starts.extend(memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at as u32 + 1));
            starts
        })
    }
}

/// One document of a [`Stream`].
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    stream: &'a Stream,
    entry: &'a DocumentEntry,
}

impl<'a> Document<'a> {
    /// The topmost value.
    pub fn root(&self) -> Value<'a> {
        Value::new(self.stream, self.entry.root)
    }

    /// The bytes between the separators.
    pub fn span(&self) -> Span {
        self.entry.span
    }

    /// The syntax it is written in.
    pub fn format(&self) -> Format {
        self.entry.format
    }

    /// Which reader built its tree.
    pub fn reader(&self) -> Reader {
        self.entry.reader
    }

    /// Its number in the file, from 0, counting every document that is not empty, also broken ones.
    pub fn ordinal(&self) -> u32 {
        self.entry.ordinal
    }
}
