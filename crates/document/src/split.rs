//! A stream is cut into documents as `YAMLReader` of `k8s.io/apimachinery/pkg/util/yaml` cuts it.

use memchr::memmem;

/// One document, or what cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Where it starts, which may be with a separator.
    pub(crate) start: usize,
    /// Behind the separator that it starts with, if any.
    pub(crate) content: usize,
    /// Where the separator behind it starts.
    pub(crate) end: usize,
    /// The separator behind it has text, which kubectl refuses along with all before it.
    pub(crate) refused: bool,
}

/// The chunks of a text from an offset on. Empty ones are left out.
pub(crate) fn chunks(text: &str, from: usize) -> impl Iterator<Item = Chunk> {
    let mut separators = separators(text, from);
    let mut start = from;
    let mut content = from;
    let mut ended = false;
    std::iter::from_fn(move || {
        while !ended {
            let Some(Separator { at, after, blank, refused }) = separators.next() else {
                ended = true;
                let end = text.len();
                return (end > start).then_some(Chunk { start, content, end, refused: false });
            };
            if at == start && !refused {
                // The separator belongs to the document that it begins, and to YAML `---#` is text.
                content = if blank { after } else { start };
                continue;
            }
            let chunk = Chunk { start, content, end: at, refused };
            (start, content) = (after, after);
            return Some(chunk);
        }
        None
    })
}

/// A line that begins with `---`.
struct Separator {
    at: usize,
    /// Where the next line starts.
    after: usize,
    /// Nothing but white space and a comment stands in it.
    blank: bool,
    /// Text stands in it.
    refused: bool,
}

fn separators(text: &str, from: usize) -> impl Iterator<Item = Separator> {
    let bytes = text.as_bytes();
    let first = bytes[from..].starts_with(b"---").then_some(from);
    let others = memmem::find_iter(&bytes[from..], b"\n---").map(move |at| from + at + 1);
    first.into_iter().chain(others).map(move |at| {
        let after = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length + 1);
        let rest = &text[at + 3..after];
        let trimmed = rest.trim();
        let comment = rest.trim_start_matches([' ', '\t']);
        let blank = comment.trim_ascii().is_empty() || comment.starts_with('#') && comment.len() < rest.len();
        Separator { at, after, blank, refused: !trimmed.is_empty() && !trimmed.starts_with('#') }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &str) -> Vec<(&str, bool)> {
        chunks(text, 0).map(|chunk| (&text[chunk.content..chunk.end], chunk.refused)).collect()
    }

    #[test]
    fn separators_end_documents_and_the_first_one_begins_one() {
        assert_eq!(contents("---\na\n--- # x\nb"), [("a\n", false), ("b", false)]);
        assert_eq!(contents("a\n----\nb\n"), [("a\n", true), ("b\n", false)]);
        assert_eq!(contents("---#\na\n"), [("---#\na\n", false)]);
        assert_eq!(contents("a\r\n---\r\nb ---\n"), [("a\r\n", false), ("b ---\n", false)]);
        assert_eq!(contents(""), []);
    }
}
