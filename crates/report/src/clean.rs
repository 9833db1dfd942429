//! Text out of files that nobody vouches for, made safe to show: no escape sequence reaches a terminal, no
//! invisible character or change of direction makes a line read as something else, and no text is without end.

use std::borrow::Cow;
use std::fmt::Write;

/// Longest name that is shown in full: Kubernetes allows 253 characters for most, and 316 for a label key.
pub(crate) const NAME: usize = 320;
/// Longest message that is shown in full.
pub(crate) const MESSAGE: usize = 600;
/// Longest path, of a file or in a document, that is shown in full.
pub(crate) const PATH: usize = 2048;

/// The text with everything that is not plainly visible written as `\u{…}`, and cut behind `limit` characters.
/// Borrowed when there is nothing to change.
pub(crate) fn clean(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len().min(limit) + 16);
    for (index, character) in text.chars().enumerate() {
        if index == limit {
            safe.push('…');
            break;
        }
        if is_visible(character) {
            safe.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
        }
    }
    Cow::Owned(safe)
}

/// A text that nobody vouches for as a line that a terminal shows and nothing more.
pub fn printable(text: &str) -> Cow<'_, str> {
    clean(text, PATH)
}

/// One character for one, so that columns stay true: tabs become spaces, what is not plainly visible `�`.
pub(crate) fn mask(line: &str) -> Cow<'_, str> {
    if line.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(line);
    }
    let masked = line.chars().map(|character| match character {
        '\t' => ' ',
        character if is_visible(character) => character,
        _ => '\u{fffd}',
    });
    Cow::Owned(masked.collect())
}

/// Whether a character shows as itself and leaves its neighbours where they are.
fn is_visible(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' // zero width, and marks of direction
            | '\u{2028}'..='\u{202e}' // separators of lines, overrides of direction
            | '\u{2060}'..='\u{206f}' // invisible operators, isolates of direction
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}') // tags and variation selectors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed_and_long_text_is_cut() {
        assert!(matches!(clean("Deployment shop/web", NAME), Cow::Borrowed(_)));
        assert_eq!(clean("ünïcode", NAME), "ünïcode");
        assert_eq!(clean("abcdef", 3), "abc…");
        assert_eq!(clean("äöü", 3), "äöü");
    }

    #[test]
    fn what_could_mislead_is_spelt_out() {
        assert_eq!(clean("\u{1b}[31mred", NAME), "\\u{1b}[31mred");
        assert_eq!(
            clean("a\u{202e}b\u{2066}c\u{200b}d\u{9b}e\nf", NAME),
            "a\\u{202e}b\\u{2066}c\\u{200b}d\\u{9b}e\\u{a}f"
        );
    }

    #[test]
    fn masking_keeps_the_number_of_characters() {
        let hostile = "a\tb\u{1b}[2J\u{202e}é\u{200b}z";
        let masked = mask(hostile);
        assert_eq!(masked, "a b\u{fffd}[2J\u{fffd}é\u{fffd}z");
        assert_eq!(masked.chars().count(), hostile.chars().count());
    }
}
