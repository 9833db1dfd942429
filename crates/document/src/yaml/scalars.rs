//! The tokens that hold text: plain, quoted and block scalars, and tags.

use std::borrow::Cow;

use super::Problem;
use super::scanner::{Kind, Scanner, Token};
use super::text;
use crate::tree::Style;

impl<'a> Scanner<'a> {
    pub(super) fn fetch_plain(&mut self, in_flow: bool) -> Result<(), Problem> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.at;
        let mut end = self.at;
        let mut folded: Option<String> = None;
        let mut breaks = String::new();
        let mut broken = false;
        let indent = self.indent + 1;
        loop {
            let marker = self.bytes.get(self.at..self.at + 3).is_some_and(|m| m == b"---" || m == b"...");
            if self.column() == 0 && marker && self.is_blank_or_end(3) || self.byte(0) == b'#' {
                break;
            }
            let word = self.at;
            while !self.is_blank_or_end(0) {
                match self.byte(0) {
                    byte if is_ordinary(byte) => self.skip_while(is_ordinary),
                    b':' if self.is_blank_or_end(1) => break,
                    b',' | b'?' | b'[' | b']' | b'{' | b'}' if in_flow => break,
                    _ => self.step(),
                }
            }
            if self.at > word {
                if broken {
                    let text = folded.get_or_insert_with(|| self.text[start..end].to_owned());
                    text.push_str(if breaks.is_empty() { " " } else { &breaks });
                    breaks.clear();
                    text.push_str(&self.text[word..self.at]);
                } else if let Some(text) = &mut folded {
                    text.push_str(&self.text[end..self.at]);
                }
                broken = false;
                end = self.at;
            }
            if !self.is_blank(0) && self.line_break(0) == 0 {
                break;
            }
            while self.is_blank(0) || self.line_break(0) > 0 {
                if self.is_blank(0) {
                    if broken && (self.column() as isize) < indent && self.byte(0) == b'\t' {
                        return Err(Problem::new(self.at, Problem::TAB));
                    }
                    self.at += 1;
                } else if broken {
                    self.read_line_break(&mut breaks);
                } else {
                    let first = text::line_break(&self.bytes[self.at.min(self.bytes.len())..]);
                    if first != "\n" {
                        breaks.push_str(first); // a Unicode line break is not folded
                    }
                    self.skip_line_break();
                    broken = true;
                }
            }
            if !in_flow && (self.column() as isize) < indent {
                break;
            }
        }
        if broken {
            self.simple_key_allowed = true;
        }
        let text = folded.map_or(Cow::Borrowed(&self.text[start..end]), Cow::Owned);
        self.tokens.push_back(Token { kind: Kind::Scalar(text, Style::Plain), start, end });
        Ok(())
    }

    pub(super) fn scan_quoted(&mut self, single: bool) -> Result<(), Problem> {
        let start = self.at;
        let quote = if single { b'\'' } else { b'"' };
        let mut plain = true;
        self.at += 1;
        loop {
            if self.column() == 0 {
                let marker = self.bytes.get(self.at..self.at + 3).is_some_and(|m| m == b"---" || m == b"...");
                if marker && self.is_blank_or_end(3) {
                    return Err(Problem::new(self.at, "a document ends here, within quotes"));
                }
            }
            match self.byte(0) {
                0 => return Err(Problem::new(start, "the quote that starts here is never closed")),
                byte if byte == quote => {
                    if !(single && self.byte(1) == b'\'') {
                        break;
                    }
                    plain = false;
                    self.at += 2;
                }
                b'\\' if !single => {
                    plain = false;
                    self.at += 1;
                    match self.line_break(0) {
                        0 => self.step(),
                        _ => self.skip_line_break(),
                    }
                }
                byte if is_unquoted(byte) => self.skip_while(is_unquoted),
                _ if self.line_break(0) > 0 => {
                    plain = false;
                    self.skip_line_break();
                }
                _ => self.step(),
            }
        }
        let inner = &self.text[start + 1..self.at];
        self.at += 1;
        let (value, style) = match single {
            true if plain => (Cow::Borrowed(inner), Style::SingleQuoted),
            false if plain => (Cow::Borrowed(inner), Style::DoubleQuoted),
            true => (Cow::Owned(text::single_quoted(inner)), Style::SingleQuoted),
            false => match text::double_quoted(inner) {
                Ok(value) => (Cow::Owned(value), Style::DoubleQuoted),
                Err((at, message)) => return Err(Problem::new(start + 1 + at, message)),
            },
        };
        self.push(Kind::Scalar(value, style), start);
        Ok(())
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<(), Problem> {
        let start = self.at;
        self.at += 1;
        let mut header = text::BlockHeader::default();
        for _ in 0..2 {
            match self.byte(0) {
                b'+' | b'-' if header.chomping == text::Chomping::Clip => {
                    header.chomping =
                        if self.byte(0) == b'+' { text::Chomping::Keep } else { text::Chomping::Strip };
                }
                b'0' if header.increment == 0 => {
                    return Err(Problem::new(self.at, "a block scalar cannot be indented by 0"));
                }
                digit @ b'1'..=b'9' if header.increment == 0 => header.increment = usize::from(digit - b'0'),
                _ => break,
            }
            self.at += 1;
        }
        let mut end = self.at;
        while self.is_blank(0) {
            self.at += 1;
        }
        if self.byte(0) == b'#' {
            self.skip_to_line_break();
        }
        if self.line_break(0) == 0 && !self.at_end() {
            return Err(Problem::new(
                self.at,
                "unexpected text behind a block scalar indicator: begin a new line",
            ));
        }
        if !self.at_end() {
            self.skip_line_break();
        }

        let mut indent = match header.increment {
            0 => 0,
            increment => self.indent.max(0) as usize + increment,
        };
        let mut value = String::new();
        let mut leading_break = String::new();
        let mut breaks = String::new();
        let mut after_blank = false;
        self.block_breaks(&mut indent, &mut breaks)?;
        while self.column() == indent && !self.at_end() {
            let blank = self.is_blank(0);
            if !literal && leading_break == "\n" && !after_blank && !blank {
                if breaks.is_empty() {
                    value.push(' ');
                }
            } else {
                value.push_str(&leading_break);
            }
            leading_break.clear();
            value.push_str(&breaks);
            breaks.clear();
            after_blank = blank;
            let line = self.at;
            self.skip_to_line_break();
            value.push_str(&self.text[line..self.at]);
            end = self.at;
            self.read_line_break(&mut leading_break);
            self.block_breaks(&mut indent, &mut breaks)?;
        }
        match header.chomping {
            text::Chomping::Strip => {}
            text::Chomping::Clip => value.push_str(&leading_break),
            text::Chomping::Keep => {
                value.push_str(&leading_break);
                value.push_str(&breaks);
            }
        }
        let style = if literal { Style::Literal } else { Style::Folded };
        self.tokens.push_back(Token { kind: Kind::Scalar(Cow::Owned(value), style), start, end });
        Ok(())
    }

    /// Goes past the indentation and empty lines before a line of a block scalar; finds out the indentation first.
    fn block_breaks(&mut self, indent: &mut usize, breaks: &mut String) -> Result<(), Problem> {
        let mut widest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.byte(0) == b' ' {
                self.at += 1;
            }
            widest = widest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.byte(0) == b'\t' {
                return Err(Problem::new(self.at, Problem::TAB));
            }
            if self.line_break(0) == 0 {
                break;
            }
            self.read_line_break(breaks);
        }
        if *indent == 0 {
            *indent = widest.max((self.indent + 1).max(1) as usize);
        }
        Ok(())
    }

    pub(super) fn scan_tag(&mut self) -> Result<Option<Cow<'a, str>>, Problem> {
        let start = self.at;
        let tag = if self.byte(1) == b'<' {
            self.at += 2;
            let uri = self.scan_uri("")?;
            if self.byte(0) != b'>' {
                return Err(Problem::new(self.at, "expected `>` at the end of the tag"));
            }
            self.at += 1;
            Some(Cow::Owned(uri))
        } else {
            self.at += 1;
            while text::is_word(self.byte(0)) {
                self.at += 1;
            }
            if self.byte(0) == b'!' {
                self.at += 1;
                // Other handles need a %TAG directive, which cannot stand in a document as kubectl cuts it.
                let known = self.at - start == 2;
                let suffix = self.scan_uri("")?;
                known.then(|| Cow::Owned(format!("tag:yaml.org,2002:{suffix}")))
            } else {
                let uri = self.scan_uri(&self.text[start..self.at])?;
                Some(Cow::Owned(format!("!{}", &uri[1..])))
            }
        };
        if !self.is_blank_or_end(0) {
            return Err(Problem::new(self.at, "expected a space behind the tag"));
        }
        Ok(tag)
    }

    fn scan_uri(&mut self, head: &str) -> Result<String, Problem> {
        let mut uri = head.as_bytes().to_vec();
        loop {
            match self.byte(0) {
                b'%' => {
                    let hex =
                        self.bytes.get(self.at + 1..self.at + 3).and_then(|hex| str::from_utf8(hex).ok());
                    let octet = hex.filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
                    let Some(octet) = octet.and_then(|hex| u8::from_str_radix(hex, 16).ok()) else {
                        return Err(Problem::new(
                            self.at,
                            "expected two hexadecimal digits behind `%` in the tag",
                        ));
                    };
                    uri.push(octet);
                    self.at += 3;
                }
                byte if text::is_word(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    uri.push(byte);
                    self.at += 1;
                }
                _ if uri.is_empty() => {
                    return Err(Problem::new(
                        self.at,
                        "expected a tag behind `!`: quote a value that starts with `!`",
                    ));
                }
                _ => {
                    return String::from_utf8(uri)
                        .map_err(|_| Problem::new(self.at, "the escapes in this tag are not UTF-8"));
                }
            }
        }
    }
}

/// Whether a byte never ends a plain scalar.
fn is_ordinary(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/' | b'_')
}

/// Whether a byte never needs a look within quotes.
fn is_unquoted(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\'' | b'\\')
}
