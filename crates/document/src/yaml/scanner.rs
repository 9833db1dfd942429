//! Complete YAML, first half: text to tokens.
//!
//! kubectl reads manifests with goyaml v2 (`go.yaml.in/yaml/v2`, `scannerc.go`), which follows YAML 1.1 as libyaml
//! does but for a few places: `\'` is an escape and `\/` is none, `?` ends a plain scalar inside brackets, and
//! a colon before a bracket is text. What is accepted here is what is accepted there, byte for byte.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::Problem;
use super::text;
use crate::tree::Style;

/// goyaml refuses deeper brackets, and as many levels of indentation.
const DEPTH: usize = 10_000;
/// A key and its colon stand within this many characters of each other, on one line.
const SIMPLE_KEY: usize = 1024;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    BlockSequence,
    BlockMapping,
    BlockEnd,
    FlowSequence,
    FlowSequenceEnd,
    FlowMapping,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    /// What a tag stands for; `None` when its prefix is unknown.
    Tag(Option<Cow<'a, str>>),
    Scalar(Cow<'a, str>, Style),
}

#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A place at which a key may turn out to have started, once its colon is seen.
#[derive(Clone, Copy)]
struct SimpleKey {
    possible: bool,
    /// Whether its token is held back until the colon is seen or ruled out.
    held: bool,
    /// Nothing else than a key may stand at this indentation.
    required: bool,
    /// The number of the token that is the key or its first part.
    token: usize,
    at: usize,
    wide: usize,
    column: usize,
    line: usize,
}

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// Bytes gone past that are not the first of their character.
    wide: usize,
    line: usize,
    line_start: usize,
    pub(super) tokens: VecDeque<Token<'a>>,
    /// The first token is known to be the next one.
    ready: bool,
    /// Tokens handed out so far.
    parsed: usize,
    /// The column of the innermost block collection, -1 outside of all.
    pub(super) indent: isize,
    indents: Vec<isize>,
    /// One for each open bracket, and one for the block context.
    simple_keys: Vec<SimpleKey>,
    pub(super) simple_key_allowed: bool,
    ended: bool,
}

impl<'a> Scanner<'a> {
    /// A scanner of one document as kubectl cuts it out. kubectl ends each line with a line break, also the last.
    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        let bom = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let none = SimpleKey {
            possible: false,
            held: false,
            required: false,
            token: 0,
            at: 0,
            wide: 0,
            column: 0,
            line: 0,
        };
        Scanner {
            text,
            bytes: text.as_bytes(),
            at: bom,
            wide: 0,
            line: 0,
            line_start: bom,
            tokens: VecDeque::new(),
            ready: false,
            parsed: 0,
            indent: -1,
            indents: Vec::new(),
            simple_keys: vec![none],
            simple_key_allowed: true,
            ended: false,
        }
    }

    /// The next token, which stays the next one until [`skip`](Scanner::skip).
    pub(super) fn peek(&mut self) -> Result<&Token<'a>, Problem> {
        if !self.ready {
            self.fill()?;
            self.ready = true;
        }
        Ok(&self.tokens[0])
    }

    /// Goes past the token that [`peek`](Scanner::peek) showed. The end of the stream stays.
    pub(super) fn skip(&mut self) -> Option<Token<'a>> {
        if self.tokens.len() == 1 && self.ended {
            return self.tokens.front().cloned();
        }
        self.ready = false;
        self.parsed += 1;
        self.tokens.pop_front()
    }

    fn fill(&mut self) -> Result<(), Problem> {
        while self.tokens.is_empty() || self.head_may_be_a_key()? {
            self.fetch()?;
        }
        Ok(())
    }

    /// Whether the next token may yet get a key token put before it. Token numbers ascend in `simple_keys`.
    fn head_may_be_a_key(&mut self) -> Result<bool, Problem> {
        let index = self.simple_keys.partition_point(|key| key.token < self.parsed);
        match self.simple_keys.get(index) {
            Some(key) if key.held && key.token == self.parsed => self.is_valid(index),
            _ => Ok(false),
        }
    }

    fn is_valid(&mut self, index: usize) -> Result<bool, Problem> {
        let key = self.simple_keys[index];
        if !key.possible {
            return Ok(false);
        }
        let characters = (self.at - key.at) - (self.wide - key.wide);
        if key.line < self.line || characters > SIMPLE_KEY {
            if key.required {
                return Err(Problem::new(key.at, "expected a `:` behind this key"));
            }
            self.simple_keys[index].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    #[inline]
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        match self.bytes.get(self.at + ahead) {
            Some(&byte) => byte,
            // The line break that ends the last line, then the end of the text.
            None if self.at + ahead == self.bytes.len()
                && self.bytes.last().is_some_and(|&last| last != b'\n') =>
            {
                b'\n'
            }
            None => 0,
        }
    }

    pub(super) fn at_end(&self) -> bool {
        self.byte(0) == 0
    }

    /// Length of the line break at an offset from here, or 0.
    pub(super) fn line_break(&self, ahead: usize) -> usize {
        match self.byte(ahead) {
            b'\n' => 1,
            b'\r' if self.byte(ahead + 1) == b'\n' => 2,
            b'\r' => 1,
            0xc2 if self.byte(ahead + 1) == 0x85 => 2,
            0xe2 if self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t' | b'\n' | b'\r' | 0) || self.line_break(ahead) > 0
    }

    pub(super) fn column(&self) -> usize {
        self.at - self.line_start
    }

    pub(super) fn skip_line_break(&mut self) {
        self.at += self.line_break(0);
        self.line += 1;
        self.line_start = self.at;
    }

    /// Goes past the bytes that are of a kind, which holds ASCII only.
    #[inline]
    pub(super) fn skip_while(&mut self, kind: impl Fn(u8) -> bool) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|&byte| !kind(byte)).unwrap_or(rest.len());
    }

    pub(super) fn skip_to_line_break(&mut self) {
        loop {
            self.skip_while(|byte| matches!(byte, b' '..=b'~' | b'\t'));
            if self.line_break(0) > 0 || self.at_end() {
                return;
            }
            self.at += 1;
        }
    }

    pub(super) fn read_line_break(&mut self, into: &mut String) {
        into.push_str(text::line_break(&self.bytes[self.at.min(self.bytes.len())..]));
        self.skip_line_break();
    }

    /// Goes past one character.
    pub(super) fn step(&mut self) {
        self.at += 1;
        while self.at < self.bytes.len() && !self.text.is_char_boundary(self.at) {
            self.at += 1;
            self.wide += 1;
        }
    }

    pub(super) fn push(&mut self, kind: Kind<'a>, start: usize) {
        self.tokens.push_back(Token { kind, start, end: self.at.min(self.bytes.len()) });
    }

    fn next_number(&self) -> usize {
        self.parsed + self.tokens.len()
    }

    fn fetch(&mut self) -> Result<(), Problem> {
        self.skip_to_token();
        self.unroll(self.column() as isize);
        let start = self.at;
        let first = self.byte(0);
        let in_flow = self.simple_keys.len() > 1;
        if first == 0 {
            return self.fetch_end();
        }
        if self.column() == 0 {
            if first == b'%' {
                return Err(Problem::new(start, "kubectl takes no `%` directives: remove the line"));
            }
            for (marker, kind) in [(b"---", Kind::DocumentStart), (b"...", Kind::DocumentEnd)] {
                if self.bytes[self.at..].starts_with(marker) && self.is_blank_or_end(3) {
                    self.unroll(-1);
                    self.remove_simple_key()?;
                    self.simple_key_allowed = false;
                    self.at += 3;
                    self.push(kind, start);
                    return Ok(());
                }
            }
        }
        match first {
            b'[' => self.fetch_flow_start(Kind::FlowSequence),
            b'{' => self.fetch_flow_start(Kind::FlowMapping),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.at += 1;
                self.push(Kind::FlowEntry, start);
                Ok(())
            }
            b'-' if self.is_blank_or_end(1) => {
                if !in_flow {
                    if !self.simple_key_allowed {
                        return Err(Problem::new(start, "a list cannot start here: begin a new line"));
                    }
                    self.roll(self.column(), None, Kind::BlockSequence, start)?;
                }
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.at += 1;
                self.push(Kind::BlockEntry, start);
                Ok(())
            }
            b'?' if in_flow || self.is_blank_or_end(1) => {
                if !in_flow {
                    if !self.simple_key_allowed {
                        return Err(Problem::new(start, "a key cannot start here: begin a new line"));
                    }
                    self.roll(self.column(), None, Kind::BlockMapping, start)?;
                }
                self.remove_simple_key()?;
                self.simple_key_allowed = !in_flow;
                self.at += 1;
                self.push(Kind::Key, start);
                Ok(())
            }
            b':' if in_flow || self.is_blank_or_end(1) => self.fetch_value(in_flow),
            b'*' | b'&' => self.fetch_anchor(first == b'*'),
            b'!' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let tag = self.scan_tag()?;
                self.push(Kind::Tag(tag), start);
                Ok(())
            }
            b'|' | b'>' if !in_flow => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.scan_block_scalar(first == b'|')
            }
            b'\'' | b'"' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                self.scan_quoted(first == b'\'')
            }
            b'-' if !self.is_blank(1) => self.fetch_plain(in_flow),
            b'?' | b':' if !in_flow => self.fetch_plain(in_flow),
            b'\t' => Err(Problem::new(start, Problem::TAB)),
            b'-' | b'?' | b':' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => {
                let message = format!("a value cannot start with `{}`: put it in quotes", first as char);
                Err(Problem::new(start, message))
            }
            _ => self.fetch_plain(in_flow),
        }
    }

    fn skip_to_token(&mut self) {
        loop {
            let tabs = self.simple_keys.len() > 1 || !self.simple_key_allowed;
            self.skip_while(|byte| byte == b' ' || tabs && byte == b'\t');
            if self.byte(0) == b'#' {
                self.skip_to_line_break();
            }
            if self.line_break(0) == 0 {
                return;
            }
            self.skip_line_break();
            if self.simple_keys.len() == 1 {
                self.simple_key_allowed = true;
            }
        }
    }

    fn fetch_end(&mut self) -> Result<(), Problem> {
        self.unroll(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(Kind::StreamEnd, self.bytes.len());
        self.ended = true;
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: Kind<'a>) -> Result<(), Problem> {
        self.save_simple_key()?;
        if self.simple_keys.len() > DEPTH {
            return Err(Problem::new(self.at, Problem::TOO_DEEP));
        }
        let none =
            SimpleKey { possible: false, held: false, token: self.next_number(), ..self.simple_keys[0] };
        self.simple_keys.push(none);
        self.simple_key_allowed = true;
        let start = self.at;
        self.at += 1;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind<'a>) -> Result<(), Problem> {
        self.remove_simple_key()?;
        if self.simple_keys.len() > 1 {
            let inner = self.simple_keys.pop();
            // A quirk of goyaml: empty brackets are not held back, so that they cannot become a key.
            if let (Some(inner), Some(outer)) = (inner, self.simple_keys.last_mut())
                && inner.token == outer.token
            {
                outer.held = false;
            }
        }
        self.simple_key_allowed = false;
        let start = self.at;
        self.at += 1;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_value(&mut self, in_flow: bool) -> Result<(), Problem> {
        let last = self.simple_keys.len() - 1;
        let start = self.at;
        if self.is_valid(last)? {
            let key = self.simple_keys[last];
            let index = key.token.checked_sub(self.parsed);
            let token = Token { kind: Kind::Key, start: key.at, end: key.at };
            self.tokens.insert(index.unwrap_or(self.tokens.len()), token);
            self.roll(key.column, index, Kind::BlockMapping, key.at)?;
            (self.simple_keys[last].possible, self.simple_keys[last].held) = (false, false);
            self.simple_key_allowed = false;
        } else {
            if !in_flow {
                if !self.simple_key_allowed {
                    return Err(Problem::new(
                        start,
                        "unexpected `:`: put the value in quotes, or begin a new line",
                    ));
                }
                self.roll(self.column(), None, Kind::BlockMapping, start)?;
            }
            self.simple_key_allowed = !in_flow;
        }
        self.at += 1;
        self.push(Kind::Value, start);
        Ok(())
    }

    fn fetch_anchor(&mut self, alias: bool) -> Result<(), Problem> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.at;
        self.at += 1;
        while text::is_word(self.byte(0)) {
            self.at += 1;
        }
        let name = &self.text[start + 1..self.at];
        let ends = self.is_blank_or_end(0)
            || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return Err(Problem::new(
                self.at,
                "an anchor or alias needs a name of letters and digits: quote a value that starts with `&` or `*`",
            ));
        }
        self.push(if alias { Kind::Alias(name) } else { Kind::Anchor(name) }, start);
        Ok(())
    }

    pub(super) fn save_simple_key(&mut self) -> Result<(), Problem> {
        if self.simple_key_allowed {
            self.remove_simple_key()?;
            let key = SimpleKey {
                possible: true,
                held: true,
                required: self.simple_keys.len() == 1 && self.indent == self.column() as isize,
                token: self.next_number(),
                at: self.at,
                wide: self.wide,
                column: self.column(),
                line: self.line,
            };
            if let Some(last) = self.simple_keys.last_mut() {
                *last = key;
            }
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<(), Problem> {
        if let Some(key) = self.simple_keys.last_mut() {
            if key.possible && key.required {
                return Err(Problem::new(key.at, "expected a `:` behind this key"));
            }
            if key.possible {
                (key.possible, key.held) = (false, false);
            }
        }
        Ok(())
    }

    /// Opens a block collection when the column is deeper than the current one.
    fn roll(
        &mut self,
        column: usize,
        index: Option<usize>,
        kind: Kind<'a>,
        start: usize,
    ) -> Result<(), Problem> {
        if self.simple_keys.len() == 1 && self.indent < column as isize {
            self.indents.push(self.indent);
            self.indent = column as isize;
            if self.indents.len() > DEPTH {
                return Err(Problem::new(start, Problem::TOO_DEEP));
            }
            self.tokens.insert(index.unwrap_or(self.tokens.len()), Token { kind, start, end: start });
        }
        Ok(())
    }

    /// Closes the block collections that are deeper than the column.
    fn unroll(&mut self, column: isize) {
        while self.simple_keys.len() == 1 && self.indent > column {
            self.push(Kind::BlockEnd, self.at.min(self.bytes.len()));
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }
}
