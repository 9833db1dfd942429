//! Text in quotes as Go's verb `%q` writes it.

use std::cmp::Ordering;
use std::fmt::Write;

use crate::printable::PRINTABLE;

/// The text between double quotes, with Go's escapes for quotes, backslashes and what cannot be printed.
pub(crate) fn go_quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            character if is_printable(character) => quoted.push(character),
            character => push_escape(&mut quoted, character as u32),
        }
    }
    quoted.push('"');
    quoted
}

fn push_escape(quoted: &mut String, code: u32) {
    let written = match code {
        0..0x20 | 0x7f => write!(quoted, "\\x{code:02x}"),
        0x80..0x10000 => write!(quoted, "\\u{code:04x}"),
        _ => write!(quoted, "\\U{code:08x}"),
    };
    debug_assert!(written.is_ok(), "writing to a string does not fail");
}

fn is_printable(character: char) -> bool {
    let code = character as u32;
    let range = PRINTABLE.binary_search_by(|&(first, last)| match code {
        code if code < first => Ordering::Greater,
        code if code > last => Ordering::Less,
        _ => Ordering::Equal,
    });
    range.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_the_go_specification_shows() {
        // Outputs of `fmt.Printf("%q")`.
        for (text, quoted) in [
            ("", r#""""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\x07\x08\x0c\n\r\t\x0b", r#""\a\b\f\n\r\t\v""#),
            ("\0\x1b\x7f\u{80}", r#""\x00\x1b\x7f\u0080""#),
            ("ü日\u{1f600}\u{fffd}", "\"ü日\u{1f600}\u{fffd}\""),
            ("\u{a0}\u{200b}\u{feff}\u{e000}\u{10ffff}", r#""\u00a0\u200b\ufeff\ue000\U0010ffff""#),
        ] {
            assert_eq!(go_quote(text), quoted);
        }
    }
}
