//! Base64 as Go's `base64.StdEncoding` decodes it, which is how the API and goyaml read bytes: padding is due, line
//! breaks are skipped, the bits behind the last byte are not looked at.

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};

static STANDARD: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut standard = Specification::new();
    standard.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    standard.padding = Some('=');
    standard.ignore.push_str("\r\n");
    standard.check_trailing_bits = false;
    standard.encoding().ok()
});

/// The bytes that a text stands for, as a value under `data` of a Secret; `None` when it is no base64.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    // The library takes several padded texts in a row for one.
    let padded = text.find('=').map_or("", |first| &text[first..]);
    if padded.bytes().any(|byte| !matches!(byte, b'=' | b'\r' | b'\n')) {
        return None;
    }
    STANDARD.as_ref()?.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4648 section 10, and what Go refuses.
    #[test]
    fn decodes_as_the_standard_says() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9v\nYmFy\n", "foobar"),
            ("Zh==", "f"),
        ] {
            assert_eq!(decode_base64(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for text in ["Zg", "Zg=", "Z===", "Zg==Zg==", "=", "Zm9v====", "pa55 word", "${X}", "Zm9-"] {
            assert_eq!(decode_base64(text), None, "{text}");
        }
    }
}
