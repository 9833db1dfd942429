//! The tree: every document of one file in one arena of 16-byte nodes that point into the file's text.

use std::sync::OnceLock;

use crate::encoding;
use crate::path::{self, Parent};
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
    /// TOML.
    Toml,
}

/// Which reader built a document's tree; of interest to tests and benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The reader of the subset in which manifests are written.
    Subset,
    /// The reader of complete YAML, by the rules of goyaml v2.
    Complete,
    /// The JSON reader.
    Json,
    /// The TOML reader.
    Toml,
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
    /// The document could not be read and is left out; otherwise it is read, but strict readers refuse it.
    pub broken: bool,
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
    /// What a key was before it became text, as `Kind as u8`; 0 for values.
    pub(crate) key_kind: u8,
}

impl Node {
    /// A node whose text is that of the file.
    #[inline]
    pub(crate) fn new(start: u32, end: u32, kind: Kind, style: Style, flags: u8) -> Node {
        let key_kind = if flags & Node::KEY != 0 { Kind::String as u8 } else { 0 };
        Node { start, end, link: 0, kind, style, flags, key_kind }
    }

    /// The bytes of a scalar's text in the file, when its link is 0.
    #[inline]
    pub(crate) fn raw(&self) -> std::ops::Range<usize> {
        let quotes = usize::from(matches!(self.style, Style::SingleQuoted | Style::DoubleQuoted));
        self.start as usize + quotes..self.end as usize - quotes
    }

    /// The text of a scalar.
    pub(crate) fn text<'a>(&self, stream: &'a Stream) -> &'a str {
        match self.link.checked_sub(1) {
            None => &stream.text[self.raw()],
            Some(index) => {
                let Span { start, end } = stream.decoded[index as usize];
                &stream.scratch[start as usize..end as usize]
            }
        }
    }

    /// Whether the text of a scalar is this one.
    #[inline]
    pub(crate) fn is_text(&self, stream: &Stream, text: &str) -> bool {
        if self.link == 0 {
            // Most keys of equal length differ in their first byte: that is seen without a call.
            let (raw, text) = (self.raw(), text.as_bytes());
            raw.len() == text.len() && {
                let raw = &stream.text.as_bytes()[raw];
                raw.first() == text.first() && raw == text
            }
        } else {
            self.text(stream) == text
        }
    }

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
    /// Number of characters before each block of [`BLOCK`] bytes.
    blocks: OnceLock<Vec<u32>>,
    parents: OnceLock<Vec<Parent>>,
}

/// Bytes whose characters are counted anew for each position.
const BLOCK: usize = 1024;

/// Number of characters that start in some bytes of UTF-8: the bytes that continue none.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
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
        read::read(&mut stream, limits, &[], true);
        stream
    }

    /// Reads all YAML with the complete reader, for tests that hold the two readers against each other.
    #[doc(hidden)]
    pub fn read_completely(text: impl Into<String>, limits: &Limits) -> Stream {
        let mut stream = Stream { text: text.into(), ..Stream::default() };
        read::read(&mut stream, limits, &[], false);
        stream
    }

    /// Reads the bytes of a file: UTF-8, or UTF-16 with a byte order mark, which is transcoded. Documents with bytes
    /// that are neither are told in [`diagnostics`](Stream::diagnostics), where each such byte stands as a `?`.
    pub fn read_bytes(bytes: impl Into<Vec<u8>>) -> Stream {
        Stream::read_bytes_with(bytes, &Limits::default())
    }

    /// As [`read_bytes`](Stream::read_bytes), with other limits than the default ones.
    pub fn read_bytes_with(bytes: impl Into<Vec<u8>>, limits: &Limits) -> Stream {
        let decoded = encoding::decode(bytes.into());
        let mut stream = Stream { text: decoded.text, ..Stream::default() };
        read::read(&mut stream, limits, &decoded.invalid, true);
        if decoded.utf16 {
            let message =
                "the file is UTF-16, which kubectl does not read reliably: save it as UTF-8".to_owned();
            stream
                .diagnostics
                .insert(0, Diagnostic { span: Span::default(), message, document: 0, broken: false });
        }
        stream
    }

    /// Reads a text as one TOML document. Never fails: what could not be read is in
    /// [`diagnostics`](Stream::diagnostics).
    pub fn read_toml(text: impl Into<String>) -> Stream {
        let mut stream = Stream { text: text.into(), ..Stream::default() };
        read::read_toml(&mut stream, &Limits::default(), &[]);
        stream
    }

    /// As [`read_toml`](Stream::read_toml), from the bytes of a file.
    pub fn read_toml_bytes(bytes: impl Into<Vec<u8>>) -> Stream {
        let decoded = encoding::decode(bytes.into());
        let mut stream = Stream { text: decoded.text, ..Stream::default() };
        read::read_toml(&mut stream, &Limits::default(), &decoded.invalid);
        stream
    }

    /// Whether a file is no text at all, told by a zero byte near its start. A cheap test before reading.
    pub fn looks_binary(bytes: &[u8]) -> bool {
        encoding::looks_binary(bytes)
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
        let column = match end - start {
            0..=BLOCK => characters(&self.text.as_bytes()[start..end]),
            _ => self.characters_before(end) - self.characters_before(start),
        };
        Position { line: line as u32, column: column as u32 + 1 }
    }

    /// Number of characters that start before a byte. Lines of many megabytes (minified JSON) may hold many places:
    /// counting from the start of the line each time would cost the square of its length.
    fn characters_before(&self, end: usize) -> usize {
        let bytes = self.text.as_bytes();
        let blocks = self.blocks.get_or_init(|| {
            let mut total = 0;
            let mut before = Vec::with_capacity(bytes.len() / BLOCK + 1);
            for block in bytes.chunks(BLOCK) {
                before.push(total);
                total += characters(block) as u32;
            }
            before.push(total);
            before
        });
        let block = end / BLOCK;
        blocks[block] as usize + characters(&bytes[block * BLOCK..end])
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

    pub(crate) fn parents(&self) -> &[Parent] {
        self.parents.get_or_init(|| path::parents(&self.nodes))
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
