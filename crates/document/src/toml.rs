//! TOML 1.0 into the same tree: configuration files of container runtimes. A parser gives events with spans; here they
//! become tables, by the rules of <https://toml.io/en/v1.0.0> on what may be defined where.

use std::borrow::Cow;
use std::collections::HashMap;

use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{ParseError, Source};

use crate::builder::Builder;
use crate::read::Limits;
use crate::tree::{Kind, Node, Style};
use crate::yaml::Problem;

/// Deepest nesting of brackets, and most parts of a dotted key.
const DEPTH: u32 = 128;

/// Reads the whole text as one document; says whether it holds anything.
///
/// # Errors
/// When it is no TOML, or defines something twice.
pub(crate) fn read(builder: &mut Builder<'_>, limits: &Limits) -> Result<bool, Problem> {
    let source = Source::new(builder.text());
    let tokens: Vec<_> = source.lex().collect();
    let mut events: Vec<Event> = Vec::new();
    let mut error: Option<ParseError> = None;
    let depth = limits.depth.min(DEPTH);
    let mut spaced = ValidateWhitespace::new(&mut events, source);
    parse_document(&tokens, &mut RecursionGuard::new(&mut spaced, depth), &mut error);
    if let Some(error) = error {
        return Err(problem(&error));
    }
    if events.len() > limits.nodes as usize {
        return Err(Problem::new(0, format!("a document of more than {} values is not read", limits.nodes)));
    }
    let mut tables = Tables::new(source);
    for event in events {
        tables.take(event)?;
    }
    let is_something = tables.items.len() > 1;
    tables.emit(builder);
    Ok(is_something)
}

fn problem(error: &ParseError) -> Problem {
    let at = error.unexpected().or(error.context()).map_or(0, |span| span.start());
    Problem::new(at, format!("this is no TOML: {}", error.description()))
}

/// How a table came about, which decides what may be added to it.
#[derive(Clone, Copy, PartialEq)]
enum Origin {
    /// As part of the name of another one: may still be defined.
    Implied,
    /// By a header of its own.
    Header,
    /// By dotted keys.
    Dotted,
    /// Between braces: complete where it stands.
    Inline,
}

enum Content {
    Scalar { kind: Kind, style: Style, text: Option<Box<str>> },
    Table { children: Vec<u32>, origin: Origin },
    Array { children: Vec<u32>, of_tables: bool },
}

struct Key {
    start: u32,
    end: u32,
    style: Style,
    text: Box<str>,
    /// The text differs from what stands in the file.
    decoded: bool,
}

struct Item {
    key: Option<Key>,
    start: u32,
    end: u32,
    content: Content,
}

struct Tables<'s> {
    source: Source<'s>,
    /// All values; the first is the root.
    items: Vec<Item>,
    /// Entries of tables by the table and the key.
    entries: HashMap<(u32, Box<str>), u32>,
    /// The table of the last header.
    current: u32,
    /// Brackets and braces that are open.
    open: Vec<u32>,
    /// The parts of the key that is being read, in a header or before a value.
    path: Vec<Key>,
}

impl<'s> Tables<'s> {
    fn new(source: Source<'s>) -> Tables<'s> {
        let root = Content::Table { children: Vec::new(), origin: Origin::Header };
        Tables {
            source,
            items: vec![Item { key: None, start: 0, end: source.input().len() as u32, content: root }],
            entries: HashMap::new(),
            current: 0,
            open: Vec::new(),
            path: Vec::new(),
        }
    }

    fn take(&mut self, event: Event) -> Result<(), Problem> {
        let (start, end) = (event.span().start() as u32, event.span().end() as u32);
        match event.kind() {
            EventKind::SimpleKey => self.key(event)?,
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => self.path.clear(),
            EventKind::StdTableClose => self.header(false, end)?,
            EventKind::ArrayTableClose => self.header(true, end)?,
            EventKind::Scalar => {
                let content = self.scalar(event)?;
                self.value(start, end, content)?;
            }
            EventKind::ArrayOpen => {
                let content = Content::Array { children: Vec::new(), of_tables: false };
                let array = self.value(start, end, content)?;
                self.open.push(array);
            }
            EventKind::InlineTableOpen => {
                let content = Content::Table { children: Vec::new(), origin: Origin::Inline };
                let table = self.value(start, end, content)?;
                self.open.push(table);
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                if let Some(item) = self.open.pop() {
                    self.items[item as usize].end = end;
                }
            }
            EventKind::KeySep
            | EventKind::KeyValSep
            | EventKind::ValueSep
            | EventKind::Whitespace
            | EventKind::Comment
            | EventKind::Newline
            | EventKind::Error => {}
        }
        Ok(())
    }

    fn key(&mut self, event: Event) -> Result<(), Problem> {
        let span = event.span();
        if self.path.len() >= DEPTH as usize {
            return Err(Problem::new(span.start(), Problem::TOO_DEEP));
        }
        let Some(raw) = self.source.get(event) else { return Ok(()) };
        let mut text = Cow::Borrowed("");
        let mut error: Option<ParseError> = None;
        raw.decode_key(&mut text, &mut error);
        if let Some(error) = error {
            return Err(problem(&error));
        }
        let style = style(event.encoding());
        let decoded = plain(raw.as_str(), style) != text;
        let (start, end) = (span.start() as u32, span.end() as u32);
        self.path.push(Key { start, end, style, text: text.into_owned().into(), decoded });
        Ok(())
    }

    fn scalar(&self, event: Event) -> Result<Content, Problem> {
        let at = event.span().start();
        let mut text = Cow::Borrowed("");
        let mut error: Option<ParseError> = None;
        let raw = self.source.get(event);
        let kind = raw.map(|raw| raw.decode_scalar(&mut text, &mut error)).unwrap_or(ScalarKind::String);
        if let Some(error) = error {
            return Err(problem(&error));
        }
        let kind = match kind {
            ScalarKind::String => Kind::String,
            ScalarKind::Boolean(_) => Kind::Bool,
            // A date is text to everybody who has no type for it.
            ScalarKind::DateTime => Kind::String,
            ScalarKind::Float => {
                let (sign, number) = match text.strip_prefix(['+', '-']) {
                    Some(number) => (if text.starts_with('-') { "-" } else { "" }, number),
                    None => ("", &*text),
                };
                if matches!(number, "inf" | "nan") {
                    text = format!("{sign}.{number}").into();
                }
                Kind::Float
            }
            ScalarKind::Integer(radix) => match i64::from_str_radix(&text, radix.value()) {
                Ok(number) => {
                    text = number.to_string().into();
                    Kind::Int
                }
                Err(_) => return Err(Problem::new(at, "this number is too large")),
            },
        };
        let style = style(event.encoding());
        let written = raw.map_or("", |raw| raw.as_str());
        let text =
            (style == Style::Literal || plain(written, style) != text).then(|| text.into_owned().into());
        Ok(Content::Scalar { kind, style, text })
    }

    /// Puts a value where it belongs: into the open array, or below the key before it.
    fn value(&mut self, start: u32, end: u32, content: Content) -> Result<u32, Problem> {
        let base = self.open.last().copied().unwrap_or(self.current);
        if let Content::Array { .. } = self.items[base as usize].content {
            return Ok(self.add(base, Item { key: None, start, end, content }));
        }
        let mut path = std::mem::take(&mut self.path).into_iter();
        let mut parent = base;
        let mut key = path.next();
        while let Some(part) = key.take() {
            key = path.next();
            let known = self.entries.get(&(parent, part.text.clone())).copied();
            let last = key.is_none();
            parent = match known {
                None if last => {
                    let item = Item { start, end, content, key: Some(part) };
                    return Ok(self.add(parent, item));
                }
                None => {
                    let table = Content::Table { children: Vec::new(), origin: Origin::Dotted };
                    self.add(parent, Item { start: part.start, end, content: table, key: Some(part) })
                }
                Some(known) if !last && self.is_table(known, Origin::Dotted) => known,
                Some(known) => return Err(self.twice(&part, known)),
            };
        }
        Err(Problem::new(start as usize, "this value has no key"))
    }

    /// A table begins, named by the path.
    fn header(&mut self, of_tables: bool, end: u32) -> Result<(), Problem> {
        let mut path = std::mem::take(&mut self.path).into_iter();
        let mut parent = 0;
        let mut key = path.next();
        while let Some(part) = key.take() {
            key = path.next();
            let known = self.entries.get(&(parent, part.text.clone())).copied();
            let start = part.start;
            let table = |origin| Content::Table { children: Vec::new(), origin };
            parent = match (known, key.is_none()) {
                (None, false) => {
                    let content = table(Origin::Implied);
                    self.add(parent, Item { start, end, content, key: Some(part) })
                }
                (None, true) if of_tables => {
                    let content = Content::Array { children: Vec::new(), of_tables: true };
                    let array = self.add(parent, Item { start, end, content, key: Some(part) });
                    self.add(array, Item { start, end, content: table(Origin::Header), key: None })
                }
                (None, true) => {
                    let content = table(Origin::Header);
                    self.add(parent, Item { start, end, content, key: Some(part) })
                }
                (Some(known), last) => match &mut self.items[known as usize].content {
                    Content::Table { origin, .. } if !last && *origin != Origin::Inline => known,
                    Content::Table { origin, .. } if last && !of_tables && *origin == Origin::Implied => {
                        *origin = Origin::Header;
                        known
                    }
                    Content::Array { of_tables: true, .. } if last && of_tables => {
                        self.add(known, Item { start, end, content: table(Origin::Header), key: None })
                    }
                    Content::Array { of_tables: true, children } if !last => match children.last() {
                        Some(&table) => table,
                        None => return Err(self.twice(&part, known)),
                    },
                    _ => return Err(self.twice(&part, known)),
                },
            };
        }
        self.current = parent;
        Ok(())
    }

    fn is_table(&self, item: u32, of: Origin) -> bool {
        matches!(self.items[item as usize].content, Content::Table { origin, .. } if origin == of)
    }

    fn add(&mut self, parent: u32, item: Item) -> u32 {
        let index = self.items.len() as u32;
        if let Some(key) = &item.key {
            self.entries.insert((parent, key.text.clone()), index);
        }
        self.items.push(item);
        if let Content::Table { children, .. } | Content::Array { children, .. } =
            &mut self.items[parent as usize].content
        {
            children.push(index);
        }
        index
    }

    fn twice(&self, key: &Key, known: u32) -> Problem {
        let before = &self.source.input().as_bytes()[..self.items[known as usize].start as usize];
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let message = format!("`{}` is already defined on line {line}: TOML allows that once", key.text);
        Problem::new(key.start as usize, message)
    }

    /// Writes the values in the order of the tree, each before what it holds.
    fn emit(mut self, builder: &mut Builder<'_>) {
        enum Step {
            Open(u32),
            Close(u32),
        }
        let mut steps = vec![Step::Open(0)];
        // Where each open collection ends so far: a table that is written in several places ends with the last one.
        let mut ends = Vec::new();
        while let Some(step) = steps.pop() {
            let index = match step {
                Step::Open(index) => index,
                Step::Close(node) => {
                    let end = ends.pop().unwrap_or_default();
                    builder.nodes[node as usize].end = end;
                    builder.close(node);
                    reach(&mut ends, end);
                    continue;
                }
            };
            let item = &mut self.items[index as usize];
            if let Some(key) = &item.key {
                let mut node = Node::new(key.start, key.end, Kind::String, key.style, Node::KEY);
                if key.decoded {
                    node.link = builder.decode(&key.text);
                }
                builder.push(node);
            }
            let (start, end) = (item.start, item.end);
            let (kind, style, children) = match &mut item.content {
                Content::Scalar { kind, style, text } => {
                    let mut node = Node::new(start, end, *kind, *style, 0);
                    if let Some(text) = text {
                        node.link = builder.decode(text);
                    }
                    builder.push(node);
                    reach(&mut ends, end);
                    continue;
                }
                Content::Table { children, origin } => {
                    let style = if *origin == Origin::Inline { Style::Flow } else { Style::Block };
                    (Kind::Mapping, style, std::mem::take(children))
                }
                Content::Array { children, of_tables } => {
                    let style = if *of_tables { Style::Block } else { Style::Flow };
                    (Kind::Sequence, style, std::mem::take(children))
                }
            };
            let node = builder.push(Node::new(start, end, kind, style, 0));
            ends.push(end);
            steps.push(Step::Close(node));
            steps.extend(children.into_iter().rev().map(Step::Open));
        }
    }
}

/// The innermost open collection holds something that ends here.
fn reach(ends: &mut [u32], end: u32) {
    if let Some(last) = ends.last_mut() {
        *last = end.max(*last);
    }
}

fn style(encoding: Option<Encoding>) -> Style {
    match encoding {
        None => Style::Plain,
        Some(Encoding::BasicString) => Style::DoubleQuoted,
        Some(Encoding::LiteralString) => Style::SingleQuoted,
        Some(Encoding::MlBasicString | Encoding::MlLiteralString) => Style::Literal,
    }
}

/// What a node of this style says without a text of its own.
fn plain(written: &str, style: Style) -> &str {
    match style {
        Style::SingleQuoted | Style::DoubleQuoted => {
            written.get(1..written.len().saturating_sub(1)).unwrap_or_default()
        }
        _ => written,
    }
}
