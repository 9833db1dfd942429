//! Collections in brackets.

use super::scalar::plain_kind;
use super::{Subset, Unusual};
use crate::tree::{Kind, Style};

type Result<T> = super::Result<T>;

impl Subset<'_, '_> {
    /// Reads a collection in brackets, of which the first is next.
    pub(super) fn flow(&mut self) -> Result<()> {
        let outside = self.open.len();
        self.open_bracket()?;
        while self.open.len() > outside {
            self.flow_space()?;
            let Some(top) = self.open.last() else { return Err(Unusual) };
            let mapping = top.mapping;
            if self.byte(self.at) == if mapping { b'}' } else { b']' } {
                self.at += 1;
                self.close(self.at as u32)?;
                self.separator(outside)?;
                continue;
            }
            if mapping {
                self.flow_key()?;
                self.flow_space()?;
            }
            let start = self.at;
            match self.byte(start) {
                b'[' | b'{' => {
                    self.open_bracket()?;
                    continue;
                }
                quote @ (b'"' | b'\'') => {
                    let (end, style, link) = self.quoted(quote)?;
                    self.push(start, end, Kind::String, style, 0, link);
                }
                _ => {
                    let end = self.flow_plain()?;
                    let kind = plain_kind(&self.text[start..end])?;
                    self.push(start, end, kind, Style::Plain, 0, 0);
                }
            }
            self.separator(outside)?;
        }
        Ok(())
    }

    fn open_bracket(&mut self) -> Result<()> {
        let mapping = self.byte(self.at) == b'{';
        self.open(self.at, 0, mapping, Style::Flow)?;
        self.at += 1;
        Ok(())
    }

    /// Goes past spaces and line breaks.
    fn flow_space(&mut self) -> Result<()> {
        loop {
            match self.byte(self.at) {
                b' ' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    if self.at >= self.bytes.len() || self.byte(self.at) == b'.' {
                        return Err(Unusual);
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// Goes past the comma behind a value; a closing bracket may stand there instead.
    fn separator(&mut self, outside: usize) -> Result<()> {
        if self.open.len() == outside {
            return Ok(());
        }
        self.flow_space()?;
        match self.byte(self.at) {
            b',' => {
                self.at += 1;
                Ok(())
            }
            b']' | b'}' => Ok(()),
            _ => Err(Unusual),
        }
    }

    /// Reads a key and its colon, which stand on one line.
    fn flow_key(&mut self) -> Result<()> {
        let start = self.at;
        let (end, style, link) = match self.byte(start) {
            quote @ (b'"' | b'\'') => self.quoted(quote)?,
            _ => (self.flow_plain()?, Style::Plain, 0),
        };
        while self.byte(self.at) == b' ' {
            self.at += 1;
        }
        let one_line = style == Style::Plain || !self.bytes[start..end].contains(&b'\n');
        if self.byte(self.at) != b':' || !one_line || self.at - start > 1000 {
            return Err(Unusual);
        }
        self.at += 1;
        self.key(start, end, style, link)
    }

    /// Goes to the end of a plain scalar within brackets; returns where its text ends.
    fn flow_plain(&mut self) -> Result<usize> {
        self.starts_plain()?;
        let mut at = self.at;
        loop {
            match self.byte(at) {
                b',' | b']' | b'}' | b'\n' => break,
                b':' if self.is_blank_or_end(at + 1) => break,
                b'?' | b'[' | b'{' | b'\t' => return Err(Unusual),
                b'#' if self.byte(at - 1) == b' ' => return Err(Unusual),
                _ => at += 1,
            }
        }
        self.at = at;
        let mut end = at;
        while self.byte(end - 1) == b' ' {
            end -= 1;
        }
        Ok(end)
    }
}
