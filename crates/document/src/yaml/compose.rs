//! Events to the tree: anchors, merge keys and tags are resolved as goyaml v2 (`decode.go`) resolves them, and
//! keys become text as in `sigs.k8s.io/yaml`.

use std::collections::HashMap;

use super::parser::{Event, Parser, Properties};
use super::{Problem, binary};
use crate::builder::Builder;
use crate::read::Limits;
use crate::scalar::{self, Resolved};
use crate::tree::{Kind, Node, Style};

/// A node before aliases are expanded. Offsets are those of the whole text.
struct Raw {
    start: u32,
    end: u32,
    style: Style,
    content: Content,
}

enum Content {
    Scalar {
        resolved: Resolved,
        /// As in [`Node::link`].
        decoded: u32,
        merges: bool,
    },
    /// The index behind the subtree.
    Mapping(u32),
    Sequence(u32),
    /// The index of the anchored node.
    Alias(u32),
}

/// Builds the tree of a document that starts at `offset` of the whole text. Returns whether it holds a value
/// other than null.
///
/// # Errors
/// When goyaml refuses the document, JSON cannot hold it, or a limit is passed.
pub(crate) fn compose(
    builder: &mut Builder<'_>,
    text: &str,
    offset: u32,
    limits: &Limits,
) -> Result<bool, Problem> {
    let raws = parse(builder, text, offset, limits)?;
    match raws.first().map(|raw| &raw.content) {
        None | Some(Content::Scalar { resolved: Resolved::Null, .. }) => Ok(false),
        Some(_) => {
            Expansion {
                builder,
                raws: &raws,
                offset,
                limits,
                counts: Counts::default(),
                open: Vec::new(),
                expanding: Vec::new(),
                infinite: Vec::new(),
            }
            .run()?;
            Ok(true)
        }
    }
}

fn parse(builder: &mut Builder<'_>, text: &str, offset: u32, limits: &Limits) -> Result<Vec<Raw>, Problem> {
    let mut parser = Parser::new(text);
    let mut raws: Vec<Raw> = Vec::new();
    let mut open: Vec<u32> = Vec::new();
    let mut anchors: HashMap<&str, u32> = HashMap::new();
    let mut last_end = 0;
    loop {
        let next = parser.next()?;
        let (start, end) = (offset + next.start as u32, offset + next.end as u32);
        let index = raws.len() as u32;
        let (style, content, properties) = match next.event {
            Event::DocumentEnd => return Ok(raws),
            Event::End => {
                let Some(closed) = open.pop() else { continue };
                last_end =
                    if end > start && raws[closed as usize].style == Style::Flow { end } else { last_end };
                let raw = &mut raws[closed as usize];
                raw.end = last_end.max(raw.start);
                if let Content::Mapping(after) | Content::Sequence(after) = &mut raw.content {
                    *after = index;
                }
                continue;
            }
            Event::Alias(name) => match anchors.get(name) {
                Some(&target) => (Style::Plain, Content::Alias(target), Properties::default()),
                None => {
                    return Err(Problem::new(
                        next.start,
                        format!("no anchor `&{name}` stands before this alias"),
                    ));
                }
            },
            Event::Scalar { text, style, properties } => {
                let tag = properties.tag.as_deref();
                let quotes = usize::from(matches!(style, Style::SingleQuoted | Style::DoubleQuoted));
                let raw_text = text_between(builder.text(), start, end, quotes);
                let resolved = match tag {
                    None if style == Style::Plain => scalar::resolve(&text),
                    None => Resolved::String,
                    Some(tag) => match tag.strip_prefix("tag:yaml.org,2002:") {
                        None => Resolved::String,
                        Some(short) => scalar::resolve_tagged(short, &text).ok_or_else(|| {
                            Problem::new(next.start, format!("cannot decode `{text}` as `!!{short}`"))
                        })?,
                    },
                };
                let decoded = if tag == Some("tag:yaml.org,2002:binary") {
                    let message = "`!!binary` value contains invalid base64 data";
                    let bytes = binary::decode(&text).ok_or_else(|| Problem::new(next.start, message))?;
                    builder.decode(&bytes)
                } else if *text == *raw_text {
                    0
                } else {
                    builder.decode(&text)
                };
                let merge_tag = matches!(tag, Some("!" | "tag:yaml.org,2002:merge"));
                let merges = *text == *"<<" && (merge_tag || tag.is_none() && style == Style::Plain);
                (style, Content::Scalar { resolved, decoded, merges }, properties)
            }
            Event::Sequence(style, properties) => (style, Content::Sequence(0), properties),
            Event::Mapping(style, properties) => (style, Content::Mapping(0), properties),
        };
        if let Some(anchor) = properties.anchor {
            anchors.insert(anchor, index);
        }
        match content {
            Content::Mapping(_) | Content::Sequence(_) => open.push(index),
            _ => last_end = end,
        }
        raws.push(Raw { start, end, style, content });
        if open.len() > limits.depth as usize {
            return Err(Problem::new(next.start, Problem::TOO_DEEP));
        }
        if raws.len() > limits.nodes as usize {
            return Err(Problem::new(next.start, too_many(limits)));
        }
    }
}

fn too_many(limits: &Limits) -> String {
    format!("a document of more than {} values is not read", limits.nodes)
}

fn text_between(text: &str, start: u32, end: u32, quotes: usize) -> &str {
    let (start, end) = (start as usize + quotes, end as usize);
    if start + quotes > end { "" } else { &text[start..end - quotes] }
}

/// The counters by which goyaml tells an alias bomb from a document.
#[derive(Default)]
struct Counts {
    decoded: u64,
    aliased: u64,
    depth: u32,
}

impl Counts {
    /// Counts one value; false when too many come from aliases.
    fn count(&mut self) -> bool {
        const LOW: u64 = 400_000;
        const HIGH: u64 = 4_000_000;
        self.decoded += 1;
        self.aliased += u64::from(self.depth > 0);
        let allowed = match self.decoded {
            ..=LOW => 0.99,
            HIGH.. => 0.10,
            decoded => 0.99 - 0.89 * ((decoded - LOW) as f64 / (HIGH - LOW) as f64),
        };
        !(self.aliased > 100 && self.decoded > 1000 && self.aliased as f64 / self.decoded as f64 > allowed)
    }
}

/// A collection whose children are being copied from `next` up to `end`.
struct Open {
    next: u32,
    end: u32,
    /// The node to close, unless entries are merged into the map below.
    node: Option<u32>,
    mapping: bool,
    flags: u8,
    /// The alias that led here.
    alias: Option<u32>,
}

struct Expansion<'b, 's, 'r> {
    builder: &'b mut Builder<'s>,
    raws: &'r [Raw],
    offset: u32,
    limits: &'r Limits,
    counts: Counts,
    open: Vec<Open>,
    /// Aliases that are being expanded, in the order of the text that led to them.
    expanding: Vec<u32>,
    /// Nodes that JSON cannot hold, each with the raw node that led to it.
    infinite: Vec<(u32, u32)>,
}

impl Expansion<'_, '_, '_> {
    fn run(mut self) -> Result<(), Problem> {
        self.value(0, 0)?;
        while let Some(top) = self.open.last_mut() {
            let (index, flags) = (top.next, top.flags);
            if index == top.end {
                self.close()?;
            } else if top.mapping {
                let value = after(self.raws, index);
                top.next = after(self.raws, value);
                if matches!(self.raws[index as usize].content, Content::Scalar { merges: true, .. }) {
                    self.merge(value, flags)?;
                } else {
                    self.key(index, flags)?;
                    self.value(value, flags)?;
                }
            } else {
                top.next = after(self.raws, index);
                self.value(index, flags)?;
            }
        }
        match self.infinite.iter().find(|&&(node, _)| !self.builder.is_overridden(node)) {
            Some(&(_, index)) => {
                Err(self.problem(index, "JSON, and so Kubernetes, has no infinite numbers: put it in quotes"))
            }
            None => Ok(()),
        }
    }

    fn problem(&self, index: u32, message: impl Into<String>) -> Problem {
        Problem::new((self.raws[index as usize].start - self.offset) as usize, message)
    }

    fn count(&mut self, index: u32) -> Result<(), Problem> {
        if !self.counts.count() {
            return Err(self.problem(index, "document contains excessive aliasing"));
        }
        if self.builder.document_len() >= self.limits.nodes as usize {
            return Err(self.problem(index, too_many(self.limits)));
        }
        if self.open.len() > self.limits.depth as usize {
            return Err(self.problem(index, Problem::TOO_DEEP));
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Problem> {
        let Some(closed) = self.open.pop() else { return Ok(()) };
        if let Some(node) = closed.node {
            self.builder.close(node);
            if closed.mapping {
                self.builder.report_duplicates(node);
            }
        }
        if closed.alias.is_some() {
            self.expanding.pop();
            self.counts.depth -= 1;
        }
        Ok(())
    }

    /// Follows an alias; the number of aliases followed is to be undone when what it led to is closed.
    fn follow(&mut self, index: u32) -> Result<(u32, Option<u32>), Problem> {
        let Content::Alias(target) = self.raws[index as usize].content else { return Ok((index, None)) };
        if self.expanding.contains(&index) {
            return Err(self.problem(index, "the anchor of this alias contains itself"));
        }
        self.expanding.push(index);
        self.counts.depth += 1;
        Ok((target, Some(index)))
    }

    fn value(&mut self, index: u32, flags: u8) -> Result<(), Problem> {
        self.count(index)?;
        let (target, alias) = self.follow(index)?;
        if alias.is_some() {
            self.count(index)?;
        }
        let flags = if alias.is_some() { flags | Node::ALIASED } else { flags };
        let raw = &self.raws[target as usize];
        let node = |kind, link| Node {
            start: raw.start,
            end: raw.end,
            link,
            kind,
            style: raw.style,
            flags,
            key_kind: 0,
        };
        match raw.content {
            Content::Scalar { resolved, decoded, .. } => {
                if let Resolved::Float(value) = resolved
                    && !value.is_finite()
                {
                    self.infinite.push((self.builder.nodes.len() as u32, index));
                }
                self.builder.push(node(resolved.kind(), decoded));
                if alias.is_some() {
                    self.expanding.pop();
                    self.counts.depth -= 1;
                }
            }
            Content::Mapping(end) | Content::Sequence(end) => {
                let mapping = matches!(raw.content, Content::Mapping(_));
                let kind = if mapping { Kind::Mapping } else { Kind::Sequence };
                let pushed = self.builder.push(node(kind, 0));
                self.open.push(Open { next: target + 1, end, node: Some(pushed), mapping, flags, alias });
            }
            Content::Alias(_) => return Err(self.problem(index, "an anchor cannot stand on an alias")),
        }
        Ok(())
    }

    fn key(&mut self, index: u32, flags: u8) -> Result<(), Problem> {
        self.count(index)?;
        let mut target = index;
        let mut flags = flags | Node::KEY;
        if let Content::Alias(aliased) = self.raws[index as usize].content {
            self.counts.depth += 1;
            self.count(index)?;
            self.counts.depth -= 1;
            target = aliased;
            flags |= Node::ALIASED;
        }
        let raw = &self.raws[target as usize];
        let Content::Scalar { resolved, decoded, .. } = raw.content else {
            return Err(self.problem(index, "a key must be text, not a map or a list"));
        };
        let mut link = decoded;
        if resolved != Resolved::String {
            let Some(text) = scalar::key_text(resolved) else {
                let what = if resolved == Resolved::Null { "null" } else { "above the range of integers" };
                return Err(self.problem(index, format!("this key is {what}: put it in quotes")));
            };
            let quotes = usize::from(matches!(raw.style, Style::SingleQuoted | Style::DoubleQuoted));
            if decoded != 0 || text != text_between(self.builder.text(), raw.start, raw.end, quotes) {
                link = self.builder.decode(&text);
            }
        }
        self.builder.push(Node {
            start: raw.start,
            end: raw.end,
            link,
            kind: Kind::String,
            style: raw.style,
            flags,
            key_kind: resolved.kind() as u8,
        });
        Ok(())
    }

    /// Puts the entries of the value of a merge key into the open map, later ones taking precedence.
    fn merge(&mut self, value: u32, flags: u8) -> Result<(), Problem> {
        if let Content::Sequence(end) = self.raws[value as usize].content {
            let mut item = value + 1;
            while item < end {
                // Opened last is merged first: earlier items override later ones.
                self.merge_one(item, flags)?;
                item = after(self.raws, item);
            }
            return Ok(());
        }
        self.merge_one(value, flags)
    }

    fn merge_one(&mut self, index: u32, flags: u8) -> Result<(), Problem> {
        self.count(index)?;
        let (target, alias) = self.follow(index)?;
        if alias.is_some() {
            self.count(index)?;
        }
        let Content::Mapping(end) = self.raws[target as usize].content else {
            return Err(self.problem(index, "a merge key (`<<`) takes a map or a list of maps"));
        };
        let aliased = if alias.is_some() { Node::ALIASED } else { 0 };
        let flags = flags | Node::MERGED | aliased;
        self.open.push(Open { next: target + 1, end, node: None, mapping: true, flags, alias });
        Ok(())
    }
}

/// The index behind the subtree of a raw node.
fn after(raws: &[Raw], index: u32) -> u32 {
    match raws[index as usize].content {
        Content::Mapping(after) | Content::Sequence(after) => after,
        Content::Scalar { .. } | Content::Alias(_) => index + 1,
    }
}
