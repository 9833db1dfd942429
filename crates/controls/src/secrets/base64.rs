//! Base64 in Secrets and ConfigMaps.

/// Longest text that is decoded, in bytes: a Secret or ConfigMap holds 1 MiB at most, a third less than its base64.
const LONGEST: usize = 2 << 20;

/// The bytes of a base64 text; `None` when it is none or too long for any object.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() > LONGEST {
        return None;
    }
    seaworthy_document::decode_base64(text)
}
