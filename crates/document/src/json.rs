//! JSON as Go's `encoding/json` and `sigs.k8s.io/json` read it, into the same tree.

use crate::builder::{Builder, Seen};
use crate::read::Limits;
use crate::scalar;
use crate::tree::{Kind, Node, Style};
use crate::words;
use crate::yaml::Problem;

/// A value and where it stands.
pub(crate) struct Value {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// It is not null.
    pub(crate) is_something: bool,
    /// The syntax is right, but Go could not hold it.
    pub(crate) problem: Option<Problem>,
}

/// Reads the next value from an offset on; `None` when only white space follows.
///
/// # Errors
/// When the syntax is wrong.
pub(crate) fn read(
    builder: &mut Builder<'_>,
    from: usize,
    limits: &Limits,
) -> Result<Option<Value>, Problem> {
    let mut reader = Json {
        text: builder.text(),
        bytes: builder.text().as_bytes(),
        at: from,
        builder,
        problem: None,
        open: Vec::new(),
    };
    reader.skip_whitespace();
    if reader.at == reader.bytes.len() {
        return Ok(None);
    }
    let start = reader.at;
    reader.document(limits)?;
    let (end, problem) = (reader.at, reader.problem);
    let is_something = builder.nodes[builder.root() as usize].kind != Kind::Null;
    Ok(Some(Value { start, end, is_something, problem }))
}

struct Open {
    node: u32,
    mapping: bool,
    /// Bits of the keys seen, to tell most maps without duplicates.
    seen: Seen,
}

struct Json<'b, 's> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    builder: &'b mut Builder<'s>,
    problem: Option<Problem>,
    open: Vec<Open>,
}

impl Json<'_, '_> {
    fn document(&mut self, limits: &Limits) -> Result<(), Problem> {
        self.value(limits)?;
        while let Some(open) = self.open.last() {
            let (node, mapping) = (open.node, open.mapping);
            let first = self.builder.nodes.len() as u32 == node + 1;
            self.skip_whitespace();
            let closing = if mapping { b'}' } else { b']' };
            if self.byte() == closing {
                self.at += 1;
                self.close();
                continue;
            }
            if !first {
                if self.byte() != b',' {
                    return Err(self.expected(if mapping { "`,` or `}`" } else { "`,` or `]`" }));
                }
                self.at += 1;
                self.skip_whitespace();
            }
            if mapping {
                self.key()?;
            }
            self.value(limits)?;
        }
        Ok(())
    }

    #[inline]
    fn byte(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn skip_whitespace(&mut self) {
        while matches!(self.byte(), b' ' | b'\n' | b'\t' | b'\r') {
            self.at += 1;
        }
    }

    fn expected(&self, what: &str) -> Problem {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(found) => {
                Problem::new(self.at, format!("expected {what}, found `{}`", found.escape_debug()))
            }
            None => Problem::new(self.at, format!("expected {what}, but the file ends here")),
        }
    }

    fn close(&mut self) {
        let Some(Open { node, mapping, seen }) = self.open.pop() else { return };
        self.builder.nodes[node as usize].end = self.at as u32;
        self.builder.close(node);
        if mapping && seen.suspect {
            self.builder.report_duplicates(node);
        }
    }

    fn key(&mut self) -> Result<(), Problem> {
        if self.byte() != b'"' {
            return Err(self.expected("a key in double quotes"));
        }
        let index = self.string(Node::KEY)?;
        if let Some(open) = self.open.last_mut() {
            open.seen.add(self.builder.key_bytes(index));
        }
        self.skip_whitespace();
        if self.byte() != b':' {
            return Err(self.expected("`:` behind the key"));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, limits: &Limits) -> Result<(), Problem> {
        self.skip_whitespace();
        let start = self.at as u32;
        if self.builder.document_len() >= limits.nodes as usize {
            return Err(Problem::new(
                self.at,
                format!("a document of more than {} values is not read", limits.nodes),
            ));
        }
        let kind = match self.byte() {
            b'"' => {
                self.string(0)?;
                return Ok(());
            }
            open @ (b'{' | b'[') => {
                let mapping = open == b'{';
                let kind = if mapping { Kind::Mapping } else { Kind::Sequence };
                if self.open.len() >= limits.depth as usize {
                    return Err(Problem::new(self.at, Problem::TOO_DEEP));
                }
                self.at += 1;
                let node = self.builder.push(Node::new(start, start + 1, kind, Style::Flow, 0));
                self.open.push(Open { node, mapping, seen: Seen::default() });
                return Ok(());
            }
            b't' => self.word("true", Kind::Bool)?,
            b'f' => self.word("false", Kind::Bool)?,
            b'n' => self.word("null", Kind::Null)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return Err(self.expected("a value")),
        };
        self.builder.push(Node::new(start, self.at as u32, kind, Style::Plain, 0));
        Ok(())
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, Problem> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(kind)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Kind, Problem> {
        let start = self.at;
        self.at += usize::from(self.byte() == b'-');
        if self.byte() == b'0' {
            self.at += 1;
        } else if self.digits() == 0 {
            return Err(self.expected("a digit"));
        }
        let mut kind = Kind::Int;
        if self.byte() == b'.' {
            kind = Kind::Float;
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        if matches!(self.byte(), b'e' | b'E') {
            kind = Kind::Float;
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), b'+' | b'-'));
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        let text = &self.text[start..self.at];
        if kind == Kind::Int && text.len() > 18 && text.parse::<i64>().is_err() {
            kind = Kind::Float;
        }
        if kind == Kind::Float && scalar::float_value(text).is_none() {
            self.problem.get_or_insert_with(|| Problem::new(start, "this number is too large"));
        }
        Ok(kind)
    }

    /// Reads a string, of which the opening quote is next; returns its node.
    fn string(&mut self, flags: u8) -> Result<u32, Problem> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at = words::quoted_end(self.bytes, self.at, b'"', b'\\');
            match self.bytes.get(self.at) {
                None => return Err(Problem::new(start, "the string that starts here is never closed")),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    let valid = match self.bytes.get(self.at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') if self.unit(self.at).is_some() => 6,
                        _ => return Err(Problem::new(self.at, "this escape is not one of JSON")),
                    };
                    self.at += valid;
                }
                _ => return Err(Problem::new(self.at, "a control character in a string must be escaped")),
            }
        }
        self.at += 1;
        let mut node = Node::new(start as u32, self.at as u32, Kind::String, Style::DoubleQuoted, flags);
        if escaped {
            let from = self.builder.scratch.len();
            self.unescape(start + 1, self.at - 1);
            node.link = self.builder.decoded_since(from);
        }
        Ok(self.builder.push(node))
    }

    /// The UTF-16 unit of the escape `\uhhhh` at an offset.
    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let hex = digits.iter().all(u8::is_ascii_hexdigit).then(|| str::from_utf8(digits).ok())??;
        u16::from_str_radix(hex, 16).ok()
    }

    fn unescape(&mut self, start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let run = memchr::memchr(b'\\', &self.bytes[at..end]).unwrap_or(end - at);
            self.builder.scratch.push_str(&self.text[at..at + run]);
            at += run;
            if at == end {
                return;
            }
            let character = match self.bytes[at + 1] {
                b'b' => '\x08',
                b'f' => '\x0c',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => {
                    let unit = self.unit(at).unwrap_or(0xfffd);
                    let next = self.unit(at + 6).filter(|_| at + 12 <= end);
                    let pair = next.and_then(|next| char::decode_utf16([unit, next]).next()?.ok());
                    at += 4;
                    match pair {
                        Some(character) if character as u32 > 0xffff => {
                            at += 6;
                            character
                        }
                        // Go puts the replacement character for half a pair.
                        _ => char::from_u32(u32::from(unit)).unwrap_or('\u{fffd}'),
                    }
                }
                other => other as char,
            };
            self.builder.scratch.push(character);
            at += 2;
        }
    }
}
