//! Scalars.

use super::{Subset, Unusual};
use crate::scalar::{self, Resolved};
use crate::tree::{Kind, Style};
use crate::words;
use crate::yaml::{self, Chomping};

type Result<T> = super::Result<T>;

/// Bytes that a plain scalar cannot start with, or that need a look at the next one.
const INDICATORS: [bool; 256] = {
    let mut indicators = [false; 256];
    let all = b"-?:,[]{}#&*!|>'\"%@` \t\n";
    let mut index = 0;
    while index < all.len() {
        indicators[all[index] as usize] = true;
        index += 1;
    }
    indicators
};

/// What ended a line of a plain scalar.
#[derive(Clone, Copy, PartialEq)]
enum Stop {
    Colon,
    Comment,
    Line,
}

impl Subset<'_, '_> {
    #[inline]
    pub(super) fn starts_plain(&self) -> Result<()> {
        let first = self.byte(self.at);
        let starts = !INDICATORS[first as usize]
            || first == b'-' && !matches!(self.byte(self.at + 1), b' ' | b'\n' | b'\t');
        if starts { Ok(()) } else { Err(Unusual) }
    }

    /// Goes to what ends a plain scalar on this line; returns where its text ends.
    #[inline]
    fn plain_line(&mut self) -> Result<(usize, Stop)> {
        let mut at = self.at;
        let stop = loop {
            at = words::plain_end(self.bytes, at);
            match self.byte(at) {
                b'\n' => break Stop::Line,
                b':' => match self.byte(at + 1) {
                    b' ' | b'\n' => break Stop::Colon,
                    b'\t' => return Err(Unusual),
                    _ => {}
                },
                b'#' if at > 0 && self.byte(at - 1) == b' ' => break Stop::Comment,
                b'\t' => return Err(Unusual),
                _ => {}
            }
            at += 1;
        };
        self.at = at;
        let mut end = at;
        while self.byte(end - 1) == b' ' {
            end -= 1;
        }
        Ok((end, stop))
    }

    /// Reads a plain key and its colon; returns where the key ends.
    #[inline]
    pub(super) fn plain_key(&mut self) -> Result<usize> {
        self.starts_plain()?;
        match self.plain_line()? {
            (end, Stop::Colon) => {
                self.at += 1;
                Ok(end)
            }
            _ => Err(Unusual),
        }
    }

    /// Reads a plain key, as [`plain_key`](Self::plain_key), or a plain scalar, which gives `None`.
    pub(super) fn plain_key_or_value(&mut self, indent: i32) -> Result<Option<usize>> {
        self.starts_plain()?;
        let start = self.at;
        let (end, stop) = self.plain_line()?;
        if stop == Stop::Colon {
            self.at += 1;
            return Ok(Some(end));
        }
        self.plain_from(start, end, stop, indent)?;
        Ok(None)
    }

    /// Reads a plain scalar in a collection at a column.
    #[inline]
    pub(super) fn plain_value(&mut self, indent: i32) -> Result<()> {
        self.starts_plain()?;
        let start = self.at;
        let (end, stop) = self.plain_line()?;
        self.plain_from(start, end, stop, indent)
    }

    #[inline]
    fn plain_from(&mut self, start: usize, end: usize, stop: Stop, indent: i32) -> Result<()> {
        match stop {
            Stop::Colon => return Err(Unusual),
            Stop::Comment => self.at = self.line_end(self.at),
            Stop::Line => {
                if let Some((at, breaks)) = self.continuation(indent)? {
                    return self.plain_lines(start, end, at, breaks, indent);
                }
            }
        }
        let kind = plain_kind(&self.text[start..end])?;
        self.push(start, end, kind, Style::Plain, 0, 0);
        Ok(())
    }

    /// Where the text of the next line starts when it continues a plain scalar, and how many breaks stand before.
    #[inline]
    fn continuation(&mut self, indent: i32) -> Result<Option<(usize, usize)>> {
        let mut at = self.at + 1;
        let mut breaks = 1;
        loop {
            let start = at;
            at = words::spaces_end(self.bytes, at);
            match self.byte(at) {
                b'\n' if at >= self.bytes.len() => return Ok(None),
                b'\n' => {
                    at += 1;
                    breaks += 1;
                }
                b'\t' => return Err(Unusual),
                b'#' => return Ok(None),
                _ if (at - start) as i32 > indent => return Ok(Some((at, breaks))),
                _ => {
                    self.next_line = Some((start, at));
                    return Ok(None);
                }
            }
        }
    }

    /// Reads the rest of a plain scalar of several lines.
    fn plain_lines(
        &mut self,
        start: usize,
        end: usize,
        mut at: usize,
        mut breaks: usize,
        indent: i32,
    ) -> Result<()> {
        let from = self.builder.scratch.len();
        self.builder.scratch.push_str(&self.text[start..end]);
        let mut end;
        loop {
            fold(&mut self.builder.scratch, breaks);
            self.at = at;
            let stop;
            (end, stop) = self.plain_line()?;
            let next = match stop {
                Stop::Colon => return Err(Unusual),
                Stop::Comment => {
                    self.at = self.line_end(self.at);
                    None
                }
                Stop::Line => self.continuation(indent)?,
            };
            self.builder.scratch.push_str(&self.text[at..end]);
            match next {
                Some(next) => (at, breaks) = next,
                None => break,
            }
        }
        let link = self.builder.decoded_since(from);
        // Nothing with white space in it is anything but text.
        self.push(start, end, Kind::String, Style::Plain, 0, link);
        Ok(())
    }

    /// Reads a quoted scalar; returns where it ends, its style, and the link to its text.
    #[inline]
    pub(super) fn quoted(&mut self, quote: u8) -> Result<(usize, Style, u32)> {
        let start = self.at + 1;
        let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        let escape = if quote == b'"' { b'\\' } else { b'\'' };
        let mut at = start;
        let mut decode = false;
        loop {
            at = words::quoted_end(self.bytes, at, quote, escape);
            match self.byte(at) {
                byte if byte == quote && !(quote == b'\'' && self.byte(at + 1) == b'\'') => break,
                byte if byte == escape => {
                    decode = true;
                    at += 2;
                }
                b'\n' if at >= self.bytes.len() => return Err(Unusual),
                b'\n' => {
                    decode = true;
                    at += 1;
                    if self.byte(at) == b'.' {
                        return Err(Unusual); // perhaps the end of the document
                    }
                }
                _ => at += 1,
            }
        }
        if at >= self.bytes.len() {
            return Err(Unusual);
        }
        self.at = at + 1;
        let mut link = 0;
        if decode {
            let inner = &self.text[start..at];
            link = match style {
                Style::SingleQuoted => self.builder.decode(&yaml::single_quoted(inner)),
                _ => self.builder.decode(&yaml::double_quoted(inner).map_err(|_| Unusual)?),
            };
        }
        Ok((at + 1, style, link))
    }

    /// Reads a block scalar in a collection at a column.
    pub(super) fn block_scalar(&mut self, parent: i32) -> Result<()> {
        let start = self.at;
        let style = if self.byte(start) == b'|' { Style::Literal } else { Style::Folded };
        let mut chomping = Chomping::Clip;
        let mut increment = 0;
        self.at += 1;
        for _ in 0..2 {
            match self.byte(self.at) {
                b'-' if chomping == Chomping::Clip => chomping = Chomping::Strip,
                b'+' if chomping == Chomping::Clip => chomping = Chomping::Keep,
                digit @ b'1'..=b'9' if increment == 0 => increment = usize::from(digit - b'0'),
                _ => break,
            }
            self.at += 1;
        }
        let header_end = self.at;
        self.rest_of_line()?;

        // The first line with text says how far all are indented.
        let mut line = (self.at + 1).min(self.bytes.len());
        let mut breaks = 0;
        let mut widest = 0;
        let first = loop {
            if line >= self.bytes.len() {
                break None;
            }
            let at = words::spaces_end(self.bytes, line);
            match self.byte(at) {
                b'\n' if increment == 0 => {
                    widest = widest.max(at - line);
                    breaks += 1;
                    line = at + 1;
                }
                b'\t' => return Err(Unusual),
                _ => break Some(at - line),
            }
        };
        let least = (parent + 1).max(1) as usize;
        let indent = match (increment, first) {
            (0, Some(column)) if column < least => None,
            (0, Some(column)) if widest > column => return Err(Unusual),
            (0, column) => column,
            _ => Some(parent.max(0) as usize + increment),
        };
        let from = self.builder.scratch.len();
        let end = match indent {
            Some(indent) => self.block_lines(line, indent, breaks, style == Style::Folded, chomping)?,
            None => {
                if widest > least {
                    return Err(Unusual);
                }
                self.at = line.min(self.bytes.len());
                if chomping == Chomping::Keep {
                    self.builder.scratch.extend(std::iter::repeat_n('\n', breaks));
                }
                None
            }
        };
        let link = self.builder.decoded_since(from);
        self.push(start, end.unwrap_or(header_end), Kind::String, style, 0, link);
        Ok(())
    }

    /// Reads the lines of a block scalar, the first of which starts at `line` behind so many empty ones; goes to
    /// the start of the line behind them. Returns where the last one ended, if any.
    fn block_lines(
        &mut self,
        mut line: usize,
        indent: usize,
        mut breaks: usize,
        folded: bool,
        chomping: Chomping,
    ) -> Result<Option<usize>> {
        let mut end = None;
        let mut after_blank = false;
        let (text, bytes) = (self.text, self.bytes);
        let byte = |at: usize| bytes.get(at).copied().unwrap_or(b'\n');
        let scratch = &mut self.builder.scratch;
        while line < bytes.len() {
            let mut at = line;
            while at < line + indent && byte(at) == b' ' {
                at += 1;
            }
            if at < line + indent {
                match byte(at) {
                    b'\n' => {
                        breaks += 1;
                        line = at + 1;
                        continue;
                    }
                    b'\t' => return Err(Unusual),
                    _ => break,
                }
            }
            if byte(at) == b'\n' {
                breaks += 1;
                line = at + 1;
                continue;
            }
            let length = memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
            if folded {
                let blank = matches!(byte(at), b' ' | b'\t');
                if end.is_some() && !after_blank && !blank {
                    fold(scratch, breaks + 1);
                } else {
                    let first_break = usize::from(end.is_some());
                    scratch.extend(std::iter::repeat_n('\n', breaks + first_break));
                }
                after_blank = blank;
            } else {
                if end.is_some() {
                    scratch.push('\n');
                }
                if breaks > 0 {
                    scratch.extend(std::iter::repeat_n('\n', breaks));
                }
            }
            breaks = 0;
            scratch.push_str(&text[at..at + length]);
            end = Some(at + length);
            line = at + length + 1;
        }
        if end.is_some() && chomping != Chomping::Strip {
            scratch.push('\n');
        }
        if chomping == Chomping::Keep {
            scratch.extend(std::iter::repeat_n('\n', breaks));
        }
        self.at = line.min(bytes.len());
        Ok(end)
    }
}

/// What so many line breaks between two lines stand for.
#[inline]
fn fold(text: &mut String, breaks: usize) {
    match breaks {
        1 => text.push(' '),
        _ => text.extend(std::iter::repeat_n('\n', breaks - 1)),
    }
}

/// The kind of a plain scalar of one line.
#[inline]
pub(super) fn plain_kind(text: &str) -> Result<Kind> {
    let bytes = text.as_bytes();
    if !scalar::may_resolve(bytes[0]) {
        return Ok(Kind::String);
    }
    if bytes[0].is_ascii_alphabetic() && !scalar::may_be_word(bytes) {
        return Ok(Kind::String);
    }
    let decimal = bytes.len() < 19 && (bytes[0] != b'0' || bytes.len() == 1);
    if decimal && bytes.iter().all(u8::is_ascii_digit) {
        return Ok(Kind::Int);
    }
    match scalar::resolve(text) {
        Resolved::Float(value) if !value.is_finite() => Err(Unusual),
        resolved => Ok(resolved.kind()),
    }
}
