//! Collections by indentation.

use super::{Subset, Unusual};
use crate::tree::{Kind, Style};
use crate::words;

type Result<T> = super::Result<T>;

impl Subset<'_, '_> {
    pub(super) fn document(&mut self) -> Result<bool> {
        let Some(column) = self.next_line()? else { return Ok(false) };
        if matches!(self.byte(self.at), b'{' | b'[') {
            self.flow()?;
            self.rest_of_line()?;
            return match self.next_line()? {
                None => Ok(true),
                Some(_) => Err(Unusual),
            };
        }
        self.node(column, -1)?;
        if self.open.is_empty() {
            return Err(Unusual); // a scalar
        }
        while let Some(column) = self.next_line()? {
            self.line(column)?;
        }
        self.pending_is_null();
        while !self.open.is_empty() {
            self.close(self.last_end)?;
        }
        Ok(true)
    }

    /// Goes to the next line with content, from a line break or the start of a line; returns its column.
    #[inline]
    fn next_line(&mut self) -> Result<Option<u32>> {
        let mut at = self.at;
        if let Some((start, content)) = self.next_line.take() {
            at = content;
            if content > start {
                self.at = at;
                return Ok(Some((content - start) as u32));
            }
        }
        loop {
            let start = at;
            at = words::spaces_end(self.bytes, at);
            match self.byte(at) {
                b'\n' if at >= self.bytes.len() => {
                    self.at = at;
                    return Ok(None);
                }
                b'\n' => at += 1,
                b'#' => at = self.line_end(at),
                b'\t' => return Err(Unusual),
                b'.' if at == start && self.bytes[at..].starts_with(b"...") => return Err(Unusual),
                _ => {
                    self.at = at;
                    return Ok(Some((at - start) as u32));
                }
            }
        }
    }

    #[inline]
    pub(super) fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |length| at + length)
    }

    #[inline]
    fn is_dash(&self) -> bool {
        self.byte(self.at) == b'-' && self.is_blank_or_end(self.at + 1)
    }

    /// Reads what starts on a new line.
    fn line(&mut self, column: u32) -> Result<()> {
        let Some(top) = self.open.last() else { return Err(Unusual) };
        if self.pending.is_some() {
            if column > top.indent {
                let indent = top.indent as i32;
                self.pending = None;
                return self.node(column, indent);
            }
            if top.mapping && column == top.indent && self.is_dash() {
                self.pending = None;
                self.open(self.at, column, false, Style::Block)?;
                if let Some(list) = self.open.last_mut() {
                    list.indentless = true;
                }
                return self.item(column);
            }
            self.pending_is_null();
        }
        let dash = self.is_dash();
        while let Some(top) = self.open.last() {
            if top.indent > column || top.indentless && top.indent == column && !dash {
                self.close(self.last_end)?;
                continue;
            }
            return match (top.indent == column, top.mapping) {
                (true, true) => self.entry(),
                (true, false) if dash => self.item(column),
                _ => Err(Unusual),
            };
        }
        Err(Unusual)
    }

    fn pending_is_null(&mut self) {
        if let Some(at) = self.pending.take() {
            self.push(at as usize, at as usize, Kind::Null, Style::Plain, 0, 0);
        }
    }

    /// Reads a key and what stands on its line.
    fn entry(&mut self) -> Result<()> {
        let start = self.at;
        match self.byte(start) {
            quote @ (b'"' | b'\'') => {
                let (end, style, link) = self.quoted(quote)?;
                self.colon_behind(start, end)?;
                self.key(start, end, style, link)?;
            }
            _ => {
                let end = self.plain_key()?;
                self.key(start, end, Style::Plain, 0)?;
            }
        }
        self.value()
    }

    /// Goes past the colon behind a quoted key.
    fn colon_behind(&mut self, start: usize, end: usize) -> Result<()> {
        if self.byte(end) != b':' || !self.is_blank_or_end(end + 1) || self.bytes[start..end].contains(&b'\n')
        {
            return Err(Unusual);
        }
        self.at = end + 1;
        Ok(())
    }

    /// Reads what stands behind a colon.
    #[inline]
    fn value(&mut self) -> Result<()> {
        let colon = self.at;
        while self.byte(self.at) == b' ' {
            self.at += 1;
        }
        let indent = self.open.last().map_or(-1, |top| top.indent as i32);
        match self.byte(self.at) {
            b'\n' => {
                self.pending = Some(colon as u32);
                Ok(())
            }
            b'#' => {
                self.pending = Some(colon as u32);
                self.at = self.line_end(self.at);
                Ok(())
            }
            b'|' | b'>' => self.block_scalar(indent),
            b'[' | b'{' => {
                self.flow()?;
                self.rest_of_line()
            }
            quote @ (b'"' | b'\'') => {
                let start = self.at;
                let (end, style, link) = self.quoted(quote)?;
                self.push(start, end, Kind::String, style, 0, link);
                self.rest_of_line()
            }
            _ => self.plain_value(indent),
        }
    }

    /// Reads a dash and what stands on its line.
    fn item(&mut self, column: u32) -> Result<()> {
        match self.dash(column)? {
            Some(content) => self.node(content, column as i32),
            None => Ok(()),
        }
    }

    /// Goes past a dash at a column. Returns the column of what stands behind it, unless that is nothing or has
    /// been read.
    #[inline]
    fn dash(&mut self, column: u32) -> Result<Option<u32>> {
        let dash = self.at + 1;
        let at = words::spaces_end(self.bytes, dash);
        self.at = at;
        match self.byte(at) {
            b'\n' => self.pending = Some(dash as u32),
            b'#' => {
                self.pending = Some(dash as u32);
                self.at = self.line_end(at);
            }
            b'|' | b'>' => self.block_scalar(column as i32)?,
            _ => return Ok(Some(column + 1 + (at - dash) as u32)),
        }
        Ok(None)
    }

    /// Reads a node that starts at a column, in a collection at another: a collection, or a scalar.
    fn node(&mut self, mut column: u32, mut indent: i32) -> Result<()> {
        while self.is_dash() {
            self.open(self.at, column, false, Style::Block)?;
            match self.dash(column)? {
                Some(content) => (column, indent) = (content, column as i32),
                None => return Ok(()),
            }
        }
        let start = self.at;
        match self.byte(start) {
            b'[' | b'{' => {
                self.flow()?;
                self.rest_of_line()
            }
            quote @ (b'"' | b'\'') => {
                let (end, style, link) = self.quoted(quote)?;
                if self.byte(end) == b':' {
                    self.colon_behind(start, end)?;
                    self.open(start, column, true, Style::Block)?;
                    self.key(start, end, style, link)?;
                    return self.value();
                }
                self.push(start, end, Kind::String, style, 0, link);
                self.rest_of_line()
            }
            _ => match self.plain_key_or_value(indent)? {
                Some(end) => {
                    self.open(start, column, true, Style::Block)?;
                    self.key(start, end, Style::Plain, 0)?;
                    self.value()
                }
                None => Ok(()),
            },
        }
    }

    /// Goes to the end of a line of which only a comment may be left.
    pub(super) fn rest_of_line(&mut self) -> Result<()> {
        let from = self.at;
        while self.byte(self.at) == b' ' {
            self.at += 1;
        }
        match self.byte(self.at) {
            b'\n' => Ok(()),
            b'#' if self.at > from => {
                self.at = self.line_end(self.at);
                Ok(())
            }
            _ => Err(Unusual),
        }
    }
}
