//! `!!binary`.

use crate::base64::decode_base64;

/// The text that base64 stands for; what is not UTF-8 in it is replaced, as in JSON. `None` when it is no base64.
pub(super) fn decode(base64: &str) -> Option<String> {
    let bytes = decode_base64(base64)?;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    Some(text)
}
