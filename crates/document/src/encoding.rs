//! Bytes to text.

/// The text of a file, and what was wrong with its bytes.
pub(crate) struct Decoded {
    pub(crate) text: String,
    /// Offsets of what was not valid, in ascending order. In UTF-8 each such byte became a `?`, so that offsets
    /// are those of the file.
    pub(crate) invalid: Vec<u32>,
    /// The file was UTF-16 and has been transcoded.
    pub(crate) utf16: bool,
}

/// Takes UTF-8, or UTF-16 that a byte order mark announces.
pub(crate) fn decode(bytes: Vec<u8>) -> Decoded {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: Vec<u8>) -> Decoded {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Decoded { text, invalid: Vec::new(), utf16: false },
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    let mut invalid = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            invalid.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
            text.push('?');
        }
    }
    Decoded { text, invalid, utf16: false }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Decoded {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut invalid = Vec::new();
    let decoded = char::decode_utf16(pairs.iter().map(|&pair| unit(pair))).map(Result::ok);
    for character in decoded.chain(odd.first().map(|_| None)) {
        if character.is_none() {
            invalid.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Decoded { text, invalid, utf16: true }
}

/// Whether a file is no text at all: a zero byte among its first 8,000, but no byte order mark of UTF-16.
pub(crate) fn looks_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(8000)];
    !head.starts_with(&[0xff, 0xfe]) && !head.starts_with(&[0xfe, 0xff]) && memchr::memchr(0, head).is_some()
}
