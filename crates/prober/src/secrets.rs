//! Words that a run has used and that no report may hold, even when a server sends them back.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// A word that is shorter is no secret, and may stand in any sentence.
const SHORTEST: usize = 8;

/// What is not to be shown.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<BTreeSet<String>>);

impl Secrets {
    /// Remembers a word that is not to be shown.
    pub(crate) fn add(&self, word: &str) {
        let word = word.trim();
        if word.len() >= SHORTEST {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(word.to_owned());
        }
    }

    /// A text without those words.
    pub(crate) fn hidden(&self, text: &str) -> String {
        let words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = text.to_owned();
        for word in words.iter() {
            // What is cut at the end of a summary may be the beginning of one.
            let most = word.char_indices().nth(SHORTEST * 2).map_or(word.len(), |(end, _)| end);
            while let Some(start) = shown.find(&word[..most]) {
                let rest = &shown[start..];
                let same = word.char_indices().zip(rest.chars()).take_while(|((_, a), b)| a == b);
                let end = start + same.map(|((_, char), _)| char.len_utf8()).sum::<usize>();
                shown.replace_range(start..end, "[token]");
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;

    #[test]
    fn a_word_and_its_beginning_are_hidden_wherever_they_stand() {
        let secrets = Secrets::default();
        secrets.add("0123456789abcdefghij");
        secrets.add("short");
        for (text, shown) in [
            ("a short text", "a short text"),
            ("0123456789abcdefghij", "[token]"),
            ("<0123456789abcdefghij> and 0123456789abcdefghij!", "<[token]> and [token]!"),
            ("it is cut: 0123456789abcdefgh…", "it is cut: [token]…"),
            ("0123456789", "0123456789"),
        ] {
            assert_eq!(secrets.hidden(text), shown);
        }
    }
}
