//! What quoted scalars stand for, and the characters that both readers ask about.

/// What becomes of the line breaks at the end of a block scalar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Chomping {
    /// One is kept (no indicator).
    #[default]
    Clip,
    /// None is kept (`-`).
    Strip,
    /// All are kept (`+`).
    Keep,
}

/// The indicators behind `|` or `>`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BlockHeader {
    pub(super) chomping: Chomping,
    /// Columns by which the text is indented; 0 when its first line says so.
    pub(super) increment: usize,
}

/// Whether a byte may be part of an anchor or a tag handle.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// What a line break at the start of `rest` becomes in a value. The end of the text counts as one.
pub(super) fn line_break(rest: &[u8]) -> &'static str {
    match rest {
        [0xe2, 0x80, 0xa8, ..] => "\u{2028}",
        [0xe2, 0x80, 0xa9, ..] => "\u{2029}",
        _ => "\n",
    }
}

fn line_break_len(rest: &[u8]) -> usize {
    match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        [0xc2, 0x85, ..] => 2,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}

/// What the characters of a document need.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Characters {
    /// Nothing: there is one kind of line break, and no byte order mark.
    Usual,
    Unusual,
    /// YAML does not allow the character at this offset.
    Forbidden(usize),
}

/// Looks through the characters of a document.
pub(crate) fn characters(bytes: &[u8]) -> Characters {
    // Most blocks have none of these bytes, and without an early exit a block is looked through at once.
    let suspect = |byte: u8| byte < b' ' && byte != b'\t' && byte != b'\n' || byte >= 0x7f;
    let mut characters = Characters::Usual;
    for (block, start) in bytes.chunks(256).zip((0..).step_by(256)) {
        if !block.iter().fold(false, |found, &byte| found | suspect(byte)) {
            continue;
        }
        for (index, _) in block.iter().enumerate().filter(|&(_, &byte)| suspect(byte)) {
            match &bytes[start + index..] {
                [0xc2, 0x85, ..] | [b'\r', ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] | [0xef, 0xbb, 0xbf, ..] => {
                    characters = Characters::Unusual;
                }
                [0xc2, 0x80..=0x9f, ..] | [0xef, 0xbf, 0xbe | 0xbf, ..] | [..=0x7f, ..] => {
                    return Characters::Forbidden(start + index);
                }
                _ => {}
            }
        }
    }
    characters
}

/// The value of a single quoted scalar, given what stands between the quotes.
pub(crate) fn single_quoted(inner: &str) -> String {
    let mut value = String::with_capacity(inner.len());
    let bytes = inner.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = at;
        while at < bytes.len() && !is_blank_or_break(&bytes[at..]) && bytes[at] != b'\'' {
            at += 1;
        }
        value.push_str(&inner[run..at]);
        if bytes.get(at) == Some(&b'\'') {
            value.push('\'');
            at += 2;
        } else {
            at = fold(inner, at, false, &mut value);
        }
    }
    value
}

/// The value of a double quoted scalar, given what stands between the quotes.
///
/// # Errors
/// Where an escape is wrong, and how.
pub(crate) fn double_quoted(inner: &str) -> Result<String, (usize, &'static str)> {
    let mut value = String::with_capacity(inner.len());
    let bytes = inner.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = at;
        while at < bytes.len() && !is_blank_or_break(&bytes[at..]) && bytes[at] != b'\\' {
            at += 1;
        }
        value.push_str(&inner[run..at]);
        if bytes.get(at) != Some(&b'\\') {
            at = fold(inner, at, false, &mut value);
            continue;
        }
        let length = line_break_len(&bytes[at + 1..]);
        if length > 0 {
            at = fold(inner, at + 1 + length, true, &mut value);
            continue;
        }
        let digits = match bytes.get(at + 1) {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            simple => {
                value.push(match simple {
                    Some(b'0') => '\0',
                    Some(b'a') => '\x07',
                    Some(b'b') => '\x08',
                    Some(b't' | b'\t') => '\t',
                    Some(b'n') => '\n',
                    Some(b'v') => '\x0b',
                    Some(b'f') => '\x0c',
                    Some(b'r') => '\r',
                    Some(b'e') => '\x1b',
                    Some(b' ') => ' ',
                    Some(b'"') => '"',
                    Some(b'\'') => '\'',
                    Some(b'\\') => '\\',
                    Some(b'N') => '\u{85}',
                    Some(b'_') => '\u{a0}',
                    Some(b'L') => '\u{2028}',
                    Some(b'P') => '\u{2029}',
                    _ => return Err((at, "unknown escape: in double quotes write `\\\\` for a backslash")),
                });
                0
            }
        };
        at += 2;
        if digits > 0 {
            let hex =
                inner.get(at..at + digits).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
            let Some(code) = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()) else {
                return Err((at - 2, "expected hexadecimal digits in this escape"));
            };
            let character = char::from_u32(code);
            value.push(character.ok_or((at - 2, "this escape is no Unicode character"))?);
            at += digits;
        }
    }
    Ok(value)
}

fn is_blank_or_break(rest: &[u8]) -> bool {
    matches!(rest[0], b' ' | b'\t') || line_break_len(rest) > 0
}

/// Appends what the white space at an offset stands for: itself within a line, else a space or the empty lines.
/// `escaped` says that a line break was escaped just before, which leaves nothing of one.
fn fold(inner: &str, from: usize, escaped: bool, value: &mut String) -> usize {
    let bytes = inner.as_bytes();
    let mut at = from;
    let mut first: Option<&str> = escaped.then_some("");
    let mut more = String::new();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t') => at += 1,
            Some(_) if line_break_len(&bytes[at..]) > 0 => {
                let line_break = line_break(&bytes[at..]);
                match first {
                    None => first = Some(line_break),
                    Some(_) => more.push_str(line_break),
                }
                at += line_break_len(&bytes[at..]);
            }
            _ => break,
        }
    }
    match first {
        None => value.push_str(&inner[from..at]),
        Some("\n") if more.is_empty() => value.push(' '),
        Some("\n") => value.push_str(&more),
        Some(first) => {
            value.push_str(first);
            value.push_str(&more);
        }
    }
    at
}
