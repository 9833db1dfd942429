//! Finds `name = value` in texts of any format, for the names that announce a credential.
//!
//! Each separator looks back over at most one name and ahead over at most one value, both of bounded length.

use super::names;

/// Longest name and value that are looked at, in bytes.
const LONGEST_NAME: usize = 128;
const LONGEST_VALUE: usize = 256;

/// A name and what it is set to.
pub(super) struct Assignment<'t> {
    /// Offset of the separator in the text.
    pub(super) offset: usize,
    /// The name.
    pub(super) name: &'t str,
    /// The value, without quotes; never empty.
    pub(super) value: &'t str,
    /// Whether the value stands in quotes (or between tags).
    pub(super) quoted: bool,
}

/// Calls `found` with every assignment to a name that announces a credential, comments left out.
pub(super) fn scan<'t>(text: &'t str, mut found: impl FnMut(Assignment<'t>)) {
    let bytes = text.as_bytes();
    let mut comment = starts_comment(bytes);
    // Where the value of the last `name:` starts, for lists of `name` and `value` pairs.
    let mut pair: Option<(usize, u8)> = None;
    // Where the last value that was found ends: nothing inside it is looked at again.
    let mut resume = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte == b'\n' {
            comment = starts_comment(&bytes[at + 1..]);
        }
        if comment || at < resume || !matches!(byte, b'=' | b':' | b'>' | b' ') {
            continue;
        }
        let Some((name, after)) = name_before(text, at) else { continue };
        let mut report = |name: &'t str, read: Option<(&'t str, bool)>| {
            if let Some((value, quoted)) = read {
                resume = after + value.len();
                found(Assignment { offset: at, name, value, quoted });
            }
        };
        match name {
            "name" if byte != b' ' => pair = Some((after, byte)),
            "value" if byte != b' ' => {
                let name = pair.take().and_then(|(start, separator)| value_after(text, start, separator));
                if let Some((name, _)) = name.filter(|(name, _)| names::announces_credential(name)) {
                    report(name, value_after(text, after, byte));
                }
            }
            name if names::announces_credential(name) => report(name, value_after(text, after, byte)),
            _ => {}
        }
    }
}

/// Whether a line starts with a mark of comments.
fn starts_comment(line: &[u8]) -> bool {
    let blank = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let line = &line[blank..];
    [&b"#"[..], b";", b"//", b"-- ", b"* ", b"/*"].iter().any(|mark| line.starts_with(mark))
}

/// The name that a separator belongs to, and the offset at which the value may start; `None` when the byte
/// separates nothing (`==`, `://`).
fn name_before(text: &str, at: usize) -> Option<(&str, usize)> {
    let bytes = text.as_bytes();
    let before = |at: usize| at.checked_sub(1).map(|index| bytes[index]);
    let next = bytes.get(at + 1).copied();
    let (end, after) = match bytes[at] {
        b'=' => match (before(at), next) {
            (Some(b'=' | b'!' | b'<' | b'>' | b'~'), _) | (_, Some(b'=' | b'~')) => return None,
            (Some(b':' | b'+' | b'?'), _) => (at - 1, at + 1),
            (_, Some(b'>')) => (at, at + 2),
            _ => (at, at + 1),
        },
        b':' => match next {
            Some(b'/' | b':' | b'=') => return None,
            _ => (at, at + 1),
        },
        // The end of a tag, `<password>`.
        b'>' => {
            let name = word_before(text, at);
            return (!name.is_empty() && before(at - name.len()) == Some(b'<')).then_some((name, at + 1));
        }
        // A flag and its value, or one of the few directives that need no separator.
        _ => {
            let name = word_before(text, at);
            let directive = matches!(name, "requirepass" | "masterauth")
                || (name.eq_ignore_ascii_case("password") && matches!(next, Some(b'\'')));
            return (directive || (name.starts_with("--") && next != Some(b'-'))).then_some((name, at + 1));
        }
    };
    let blanks = bytes[..end].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let mut end = end - blanks;
    if before(end) == Some(b']') {
        end -= 1;
    }
    let name = match before(end) {
        Some(quote @ (b'"' | b'\'')) => {
            let inside = &bytes[..end - 1];
            let start = inside.iter().rev().take(LONGEST_NAME).position(|&byte| byte == quote)?;
            text.get(end - 1 - start..end - 1)?.trim_end_matches('\\')
        }
        _ => word_before(text, end),
    };
    (!name.is_empty()).then_some((name, after))
}

/// The run of letters, digits, `_`, `-` and `.` that ends at an offset.
fn word_before(text: &str, end: usize) -> &str {
    let word = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = text.as_bytes()[..end].iter().rev().take(LONGEST_NAME).take_while(word).count();
    &text[end - length..end]
}

/// The value at an offset, and whether it is quoted; `None` when there is none, or when it is prose or code.
fn value_after(text: &str, start: usize, separator: u8) -> Option<(&str, bool)> {
    let bytes = text.as_bytes();
    let blanks = bytes[start..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let start = start + blanks;
    let rest = &bytes[start..];
    let rest = &rest[..rest.len().min(LONGEST_VALUE)];
    let escaped = usize::from(rest.first() == Some(&b'\\'));
    if let Some(&quote @ (b'"' | b'\'')) = rest.get(escaped) {
        let first = escaped + 1;
        let end = until(&rest[first..], |rest| rest[0] == quote);
        let value = text.get(start + first..start + first + end)?.trim_end_matches('\\');
        return (!value.is_empty() && !value.contains([' ', '\t'])).then_some((value, true));
    }
    let end = match separator {
        b'>' => until(rest, |rest| rest[0] == b'<'),
        b':' => until(rest, |rest| {
            matches!(rest[0], b'}' | b'\r') || rest.starts_with(b", ") || rest.starts_with(b" #")
        }),
        _ => until(rest, |rest| {
            matches!(rest[0], b' ' | b'\t' | b'\r' | b';' | b'&' | b',' | b'"' | b'\'' | b'`')
        }),
    };
    let value = text.get(start..start + end)?.trim().trim_end_matches([',', ';']);
    let plain = !value.is_empty() && !value.contains([' ', '\t']);
    match separator {
        b'>' => plain.then_some((value, true)),
        _ => (plain && !is_expression(value)).then_some((value, false)),
    }
}

/// Length of the text up to the end of the line or to where `stop` holds.
fn until(text: &[u8], stop: impl Fn(&[u8]) -> bool) -> usize {
    (0..text.len()).find(|&at| text[at] == b'\n' || stop(&text[at..])).unwrap_or(text.len())
}

/// Whether an unquoted value is computed: a call, an index, a path of fields, a YAML anchor.
fn is_expression(value: &str) -> bool {
    let field_path = value.contains('.')
        && value.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        });
    value.contains(['(', '[']) || value.starts_with(['{', '&', '*']) || field_path
}
