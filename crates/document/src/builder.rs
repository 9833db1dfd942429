//! What all readers build the tree with.

use crate::subset;
use crate::tree::{Diagnostic, Kind, Node, Span};

/// The trees of a stream under construction.
#[derive(Debug)]
pub(crate) struct Builder<'s> {
    text: &'s str,
    pub(crate) nodes: Vec<Node>,
    pub(crate) scratch: String,
    pub(crate) decoded: Vec<Span>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The number of the document under construction.
    pub(crate) ordinal: u32,
    start: Checkpoint,
    /// The decoded texts have outgrown 32-bit offsets.
    overflow: bool,
    keys: Vec<(u64, u32)>,
    /// Kept for the subset reader, so that it need not allocate for each document.
    pub(crate) open: Vec<subset::Open>,
}

/// The sizes before a document was begun.
#[derive(Clone, Copy, Debug, Default)]
struct Checkpoint {
    nodes: usize,
    scratch: usize,
    decoded: usize,
    diagnostics: usize,
}

impl<'s> Builder<'s> {
    pub(crate) fn new(text: &'s str) -> Builder<'s> {
        Builder {
            text,
            // Manifests have a node in about 16 bytes.
            nodes: Vec::with_capacity(text.len() / 16 + 16),
            scratch: String::new(),
            decoded: Vec::new(),
            diagnostics: Vec::new(),
            ordinal: 0,
            start: Checkpoint::default(),
            overflow: false,
            keys: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(crate) fn text(&self) -> &'s str {
        self.text
    }

    /// Begins a document: [`discard`](Builder::discard) comes back to here.
    pub(crate) fn begin(&mut self) {
        self.start = Checkpoint {
            nodes: self.nodes.len(),
            scratch: self.scratch.len(),
            decoded: self.decoded.len(),
            diagnostics: self.diagnostics.len(),
        };
        self.overflow = false;
    }

    /// Forgets what was built since [`begin`](Builder::begin).
    pub(crate) fn discard(&mut self) {
        self.nodes.truncate(self.start.nodes);
        self.scratch.truncate(self.start.scratch);
        self.decoded.truncate(self.start.decoded);
        self.diagnostics.truncate(self.start.diagnostics);
    }

    /// The first node of the document.
    pub(crate) fn root(&self) -> u32 {
        self.start.nodes as u32
    }

    /// Number of nodes of the document so far.
    pub(crate) fn document_len(&self) -> usize {
        self.nodes.len() - self.start.nodes
    }

    /// Whether offsets did not suffice for the document.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflow || self.nodes.len() > u32::MAX as usize
    }

    #[inline]
    pub(crate) fn push(&mut self, node: Node) -> u32 {
        let index = self.nodes.len() as u32;
        self.nodes.push(node);
        index
    }

    /// Ends a collection behind the last node; its span ends with its last value unless it has a bracket.
    #[inline]
    pub(crate) fn close(&mut self, collection: u32) {
        let after = self.nodes.len() as u32;
        self.nodes[collection as usize].link = after;
    }

    /// Keeps a text that differs from the document's; returns the link to it.
    pub(crate) fn decode(&mut self, text: &str) -> u32 {
        let start = self.scratch.len();
        self.scratch.push_str(text);
        self.decoded_since(start)
    }

    /// Makes a text of what was added to `scratch` since it had a length; returns the link to it.
    pub(crate) fn decoded_since(&mut self, start: usize) -> u32 {
        if self.scratch.len() > u32::MAX as usize {
            self.scratch.truncate(start);
            self.overflow = true;
        }
        self.decoded.push(Span { start: start as u32, end: self.scratch.len() as u32 });
        self.decoded.len() as u32
    }

    pub(crate) fn key_bytes(&self, key: u32) -> &[u8] {
        let node = &self.nodes[key as usize];
        if node.link != 0 {
            return self.decoded_bytes(node.link);
        }
        &self.text.as_bytes()[node.raw()]
    }

    /// The text of a link that is not 0.
    pub(crate) fn decoded_bytes(&self, link: u32) -> &[u8] {
        let Span { start, end } = self.decoded[link as usize - 1];
        &self.scratch.as_bytes()[start as usize..end as usize]
    }

    /// Whether a key of a closed map occurs twice.
    pub(crate) fn has_duplicates(&mut self, mapping: u32) -> bool {
        !self.duplicates(mapping).is_empty()
    }

    /// Whether a value of a complete document does not count, since a later entry has the same key as it or as
    /// what it stands in.
    pub(crate) fn is_overridden(&self, node: u32) -> bool {
        let mut at = self.root();
        while at != node {
            let Node { link: end, kind, .. } = self.nodes[at as usize];
            let is_mapping = kind == Kind::Mapping;
            let width = if is_mapping { 2 } else { 1 };
            // The entries or items from the one that holds the node.
            let mut children = Vec::new();
            let mut child = at + 1;
            while child < end {
                let next = self.after(child + width - 1);
                if next > node {
                    children.push(child);
                }
                child = next;
            }
            match children.split_first() {
                Some((&child, later)) => {
                    if is_mapping && later.iter().any(|&key| self.same_key(key, child)) {
                        return true;
                    }
                    at = child + width - 1;
                }
                None => return false,
            }
        }
        false
    }

    /// The index behind a value's subtree.
    fn after(&self, value: u32) -> u32 {
        let node = &self.nodes[value as usize];
        if matches!(node.kind, Kind::Mapping | Kind::Sequence) { node.link } else { value + 1 }
    }

    fn same_key(&self, a: u32, b: u32) -> bool {
        self.nodes[a as usize].key_kind == self.nodes[b as usize].key_kind
            && self.key_bytes(a) == self.key_bytes(b)
    }

    /// The keys of a closed map that occurred before, each with the first of its kind, in the order of the map.
    pub(crate) fn duplicates(&mut self, mapping: u32) -> Vec<(u32, u32)> {
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        let end = self.nodes[mapping as usize].link;
        let mut key = mapping + 1;
        while key < end {
            keys.push((hash(self.key_bytes(key)), key));
            key = self.after(key + 1);
        }
        keys.sort_unstable();
        let mut found = Vec::new();
        for run in keys.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1) {
            let mut firsts: Vec<u32> = Vec::new();
            for &(_, key) in run {
                match firsts.iter().find(|&&first| self.same_key(first, key)) {
                    Some(&first) => found.push((first, key)),
                    None => firsts.push(key),
                }
            }
        }
        self.keys = keys;
        found.sort_unstable_by_key(|&(_, key)| key);
        found
    }

    /// A diagnostic for each key of a closed map that occurred before.
    pub(crate) fn report_duplicates(&mut self, mapping: u32) {
        for (first, key) in self.duplicates(mapping) {
            let name = String::from_utf8_lossy(self.key_bytes(key)).into_owned();
            let node = self.nodes[key as usize];
            let first = self.nodes[first as usize];
            let before = &self.text.as_bytes()[..first.start as usize];
            let line = 1 + memchr::memchr_iter(b'\n', before).count();
            let message = if (node.flags | first.flags) & Node::MERGED != 0 {
                format!(
                    "key `{name}` is both merged (`<<`) and set, first on line {line}: strict readers refuse that"
                )
            } else {
                format!("key `{name}` is already set on line {line}: remove one, the last one counts")
            };
            let span = Span { start: node.start, end: node.end };
            self.diagnostics.push(Diagnostic { span, message, document: self.ordinal, broken: false });
        }
    }
}

/// A set of keys that may take a new key for an old one, but never an old one for new.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    bits: [u64; 4],
    pub(crate) suspect: bool,
}

impl Seen {
    #[inline]
    pub(crate) fn add(&mut self, key: &[u8]) {
        let sum = match key {
            [] => 0,
            [first, .., last] => {
                let middle = key[key.len() / 2];
                u32::from(*first) | u32::from(*last) << 8 | u32::from(middle) << 16 | (key.len() as u32) << 24
            }
            [only] => u32::from(*only),
        };
        let hash = sum.wrapping_mul(0x9e37_79b1);
        let bits = &mut self.bits[hash as usize >> 30];
        let bit = 1 << (hash >> 24 & 63);
        self.suspect |= *bits & bit != 0;
        *bits |= bit;
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    for word in words.iter().chain([&last]) {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    hash
}
