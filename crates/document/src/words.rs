//! Searches that look at eight bytes at a time. The strings of manifests are too short for the start of `memchr`.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks the high bit of the first byte that is less than `bound` (up to 128), and perhaps of later ones.
#[inline(always)]
fn less(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(ONES * bound as u64) & !word & HIGHS
}

/// As [`less`], for the first byte that is `byte`.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    less(word ^ (ONES * byte as u64), 1)
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// The first offset from `at` on with a line break, a tab, a colon or a hash sign, else the end.
#[inline(always)]
pub(crate) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        let found = less(word, 0x10) | equal(word, b':') | equal(word, b'#');
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b'\n' | b'\t' | b':' | b'#')) {
        at += 1;
    }
    at
}

/// The first offset from `at` on without a space, else the end.
#[inline(always)]
pub(crate) fn spaces_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        let others = word ^ (ONES * b' ' as u64);
        if others != 0 {
            return at + others.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}

/// The first offset from `at` on with a control character or one of two others, else the end.
#[inline(always)]
pub(crate) fn quoted_end(bytes: &[u8], mut at: usize, quote: u8, escape: u8) -> usize {
    while let Some(word) = word(bytes, at) {
        let found = less(word, b' ') | equal(word, quote) | equal(word, escape);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|&byte| byte >= b' ' && byte != quote && byte != escape) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_found_at_every_place_of_a_word() {
        for at in 0..20 {
            for byte in 0..=255_u8 {
                let mut bytes = [b'a'; 20];
                bytes[at] = byte;
                let end = |found: bool| if found { at } else { bytes.len() };
                assert_eq!(
                    quoted_end(&bytes, 0, b'"', b'\\'),
                    end(byte < b' ' || matches!(byte, b'"' | b'\\'))
                );
                if byte >= b' ' || matches!(byte, b'\t' | b'\n') {
                    assert_eq!(
                        plain_end(&bytes, 0),
                        end(matches!(byte, b'\t' | b'\n' | b':' | b'#')),
                        "{byte}"
                    );
                }
                let mut spaces = [b' '; 20];
                spaces[at] = byte;
                assert_eq!(spaces_end(&spaces, 0), if byte == b' ' { 20 } else { at });
            }
        }
    }
}
