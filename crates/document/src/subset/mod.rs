//! The fast reader of the YAML in which manifests are written: block and flow collections, all styles of scalars,
//! comments. Whatever is rare (anchors, tags, `?`, merge keys, tabs as white space, directives, keys that are not
//! text, errors of any kind) is [`Unusual`] and left to the complete reader. What is accepted here means the same there.

mod block;
mod flow;
mod scalar;

use crate::builder::{Builder, Seen};
use crate::read::Limits;
use crate::tree::{Kind, Node, Style};

/// The document is not in the subset, or it is wrong.
#[derive(Debug)]
pub(crate) struct Unusual;

type Result<T> = std::result::Result<T, Unusual>;

/// Reads the document between two offsets, in which each character is allowed and which has no carriage returns.
/// Returns whether it holds something.
pub(crate) fn read(builder: &mut Builder<'_>, start: usize, end: usize, limits: &Limits) -> Result<bool> {
    let mut subset = Subset {
        text: &builder.text()[..end],
        bytes: &builder.text().as_bytes()[..end],
        at: start,
        open: std::mem::take(&mut builder.open),
        last_end: 0,
        pending: None,
        next_line: None,
        depth: limits.depth as usize,
        builder,
    };
    let outcome = subset.document();
    subset.open.clear();
    let open = subset.open;
    builder.open = open;
    if builder.document_len() > limits.nodes as usize {
        return Err(Unusual);
    }
    outcome
}

/// A collection that is not complete.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    node: u32,
    /// The column of its keys or dashes; of no meaning in flow style.
    indent: u32,
    mapping: bool,
    /// A list at the column of the map that it is a value of.
    indentless: bool,
    seen: Seen,
}

struct Subset<'b, 's> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    builder: &'b mut Builder<'s>,
    open: Vec<Open>,
    /// Where the last value ended.
    last_end: u32,
    /// A key or dash whose value has not been seen yet ended here.
    pending: Option<u32>,
    /// The next line with content, where it has been looked for already: its start, and that of its content.
    next_line: Option<(usize, usize)>,
    depth: usize,
}

impl Subset<'_, '_> {
    /// The byte at an offset; the end counts as a line break.
    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        match self.bytes.get(at) {
            Some(&byte) => byte,
            None => b'\n',
        }
    }

    #[inline(always)]
    fn is_blank_or_end(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\n')
    }

    #[inline]
    fn push(&mut self, start: usize, end: usize, kind: Kind, style: Style, flags: u8, link: u32) {
        let mut node = Node::new(start as u32, end as u32, kind, style, flags);
        node.link = link;
        self.last_end = end as u32;
        self.builder.push(node);
    }

    fn open(&mut self, start: usize, indent: u32, mapping: bool, style: Style) -> Result<()> {
        if self.open.len() >= self.depth {
            return Err(Unusual);
        }
        let kind = if mapping { Kind::Mapping } else { Kind::Sequence };
        let node = self.builder.push(Node::new(start as u32, start as u32, kind, style, 0));
        self.open.push(Open { node, indent, mapping, indentless: false, seen: Seen::default() });
        Ok(())
    }

    /// Ends the innermost collection at an offset.
    fn close(&mut self, end: u32) -> Result<()> {
        let Some(Open { node, mapping, seen, .. }) = self.open.pop() else { return Err(Unusual) };
        self.builder.nodes[node as usize].end = end;
        self.last_end = end;
        self.builder.close(node);
        if mapping && seen.suspect && self.builder.has_duplicates(node) {
            return Err(Unusual);
        }
        Ok(())
    }

    /// Notes a key of the innermost collection.
    #[inline]
    fn key(&mut self, start: usize, end: usize, style: Style, link: u32) -> Result<()> {
        let quotes = usize::from(style != Style::Plain);
        let bytes = match link {
            0 => &self.bytes[start + quotes..end - quotes],
            _ => self.builder.decoded_bytes(link),
        };
        if end - start > 1000 || style == Style::Plain && !is_text(bytes) {
            return Err(Unusual);
        }
        if let Some(open) = self.open.last_mut() {
            open.seen.add(bytes);
        }
        self.push(start, end, Kind::String, style, Node::KEY, link);
        Ok(())
    }
}

/// Whether a plain key is text, and no merge key.
#[inline]
fn is_text(key: &[u8]) -> bool {
    let resolves = key.first().is_none_or(|&first| crate::scalar::may_resolve(first));
    if !resolves {
        return key != b"<<";
    }
    let letter = key.first().is_some_and(u8::is_ascii_alphabetic);
    letter && !crate::scalar::may_be_word(key)
        || str::from_utf8(key).is_ok_and(|key| crate::scalar::resolve(key) == crate::scalar::Resolved::String)
}
