//! The documents that an editor has open: their texts as they are typed, and positions in them.

use std::path::PathBuf;
use std::str::FromStr;

use lsp_types::{Diagnostic, Position, PositionEncodingKind, Range, TextDocumentContentChangeEvent, Uri};

/// How an editor counts columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// In bytes.
    Utf8,
    /// In units of UTF-16, as every editor can.
    Utf16,
}

impl Encoding {
    /// The best that an editor offers.
    pub(super) fn choose(offered: Option<&[PositionEncodingKind]>) -> Encoding {
        match offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8)) {
            true => Encoding::Utf8,
            false => Encoding::Utf16,
        }
    }

    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn length(self, text: &str) -> usize {
        match self {
            Encoding::Utf8 => text.len(),
            Encoding::Utf16 => text.chars().map(char::len_utf16).sum(),
        }
    }

    /// The offset in a text of a position; positions behind the end of a line or of the text count as that end.
    fn offset(self, text: &str, position: Position) -> usize {
        let mut start = 0;
        for _ in 0..position.line {
            match memchr::memchr(b'\n', &text.as_bytes()[start..]) {
                Some(end) => start += end + 1,
                None => return text.len(),
            }
        }
        let line = &text[start..];
        let line = line.find(['\n', '\r']).map_or(line, |end| &line[..end]);
        let mut left = position.character as usize;
        for (at, character) in line.char_indices() {
            let width = match self {
                Encoding::Utf8 => character.len_utf8(),
                Encoding::Utf16 => character.len_utf16(),
            };
            if left < width {
                return start + at;
            }
            left -= width;
        }
        start + line.len()
    }

    /// The position of an offset in a text.
    pub(super) fn position(self, text: &str, offset: usize) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: memchr::memchr_iter(b'\n', before.as_bytes()).count() as u32,
            character: self.length(&before[line_start..]) as u32,
        }
    }
}

/// An open document.
#[derive(Debug)]
pub(super) struct Document {
    /// As the editor calls it.
    pub(super) uri: Uri,
    /// Where it is, or will be.
    pub(super) path: PathBuf,
    /// As the editor counts its states.
    pub(super) version: i32,
    /// The text as it is in the editor.
    pub(super) text: String,
    /// What looking at everything showed in it when there was time for that.
    pub(super) wide: Vec<Diagnostic>,
}

impl Document {
    /// Applies what was typed, in order.
    pub(super) fn apply(&mut self, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) {
        for change in changes {
            match change.range {
                None => self.text = change.text,
                Some(Range { start, end }) => {
                    let start = encoding.offset(&self.text, start);
                    let end = encoding.offset(&self.text, end).max(start);
                    self.text.replace_range(start..end, &change.text);
                }
            }
        }
    }
}

/// The path of a `file:` URI.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    if !uri.scheme().is_some_and(|scheme| scheme.as_str().eq_ignore_ascii_case("file")) {
        return None;
    }
    let path = uri.path().as_estr().decode().into_string().ok()?;
    PathBuf::from_str(&path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    fn document(text: &str) -> Document {
        let uri = "file:///a.yaml".parse().unwrap();
        Document { uri, path: PathBuf::new(), version: 0, text: text.to_owned(), wide: Vec::new() }
    }

    fn change(start: Position, end: Position, text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent {
            range: Some(Range { start, end }),
            range_length: None,
            text: text.to_owned(),
        }
    }

    #[test]
    fn what_is_typed_lands_where_the_editor_means() {
        let mut typed = document("a: ü𝄞x\nb: 2\r\n");
        // Behind the clef: four bytes, two units of UTF-16.
        typed.apply(vec![change(at(0, 6), at(0, 7), "y")], Encoding::Utf16);
        assert_eq!(typed.text, "a: ü𝄞y\nb: 2\r\n");
        typed.apply(vec![change(at(0, 9), at(0, 10), "z")], Encoding::Utf8);
        assert_eq!(typed.text, "a: ü𝄞z\nb: 2\r\n");
        // Over the end of a line, and over the end of the text.
        typed.apply(vec![change(at(1, 99), at(9, 0), "34\n")], Encoding::Utf16);
        assert_eq!(typed.text, "a: ü𝄞z\nb: 234\n");
        typed.apply(
            vec![change(at(0, 0), at(0, 0), "c: 1\n"), change(at(1, 0), at(2, 0), "")],
            Encoding::Utf16,
        );
        assert_eq!(typed.text, "c: 1\nb: 234\n");
    }

    #[test]
    fn a_position_is_counted_as_the_editor_counts() {
        let text = "a: ü𝄞x\nb: 2\n";
        let x = text.find('x').unwrap();
        assert_eq!(Encoding::Utf8.position(text, x), at(0, 9));
        assert_eq!(Encoding::Utf16.position(text, x), at(0, 6));
        assert_eq!(Encoding::Utf16.position(text, x - 1), at(0, 4), "inside of a character is its start");
        assert_eq!(Encoding::Utf16.position(text, 999), at(2, 0));
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (offset, _) in text.char_indices() {
                assert_eq!(encoding.offset(text, encoding.position(text, offset)), offset);
            }
        }
    }

    #[test]
    fn files_are_found_by_their_uri() {
        let path = |uri: &str| path_of(&uri.parse().unwrap());
        assert_eq!(path("file:///a%20b/c.yaml"), Some(PathBuf::from("/a b/c.yaml")));
        assert_eq!(path("untitled:Untitled-1"), None);
    }
}
