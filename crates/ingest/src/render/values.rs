//! Values out of objects, written so that another program reads the same.

use seaworthy_document::{Kind, Value};

/// Deepest nesting that is written.
const DEPTH: usize = 100;

/// A value as YAML (in the flow style, which is nearly JSON); `None` when it is nested too deep.
pub(crate) fn written(value: Value<'_>) -> Option<String> {
    let mut text = String::new();
    write(value, DEPTH, &mut text)?;
    Some(text)
}

fn write(value: Value<'_>, depth: usize, text: &mut String) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match value.kind() {
        Kind::Null => text.push_str("null"),
        // Numbers and booleans keep their spelling: the other program resolves them as this one did.
        Kind::Bool | Kind::Int | Kind::Float => text.push_str(value.text()),
        Kind::String => text.push_str(&quoted(value.text())),
        Kind::Sequence => {
            text.push('[');
            for (index, item) in value.items().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write(item, depth, text)?;
            }
            text.push(']');
        }
        Kind::Mapping => {
            text.push('{');
            for (index, (key, value)) in value.entries().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                text.push_str(&quoted(key.text()));
                text.push_str(": ");
                write(value, depth, text)?;
            }
            text.push('}');
        }
    }
    Some(())
}

/// A text in double quotes, as YAML and JSON read it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            // Outside the basic plane nothing is a control character, so four digits are enough.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                quoted.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_document::Stream;

    #[test]
    fn what_is_written_is_read_to_the_same() {
        let text = "a: {b: [1, 0x1F, 1.5, yes, null, \"x\\n\\t\\u0007\\\"\\\\ é\"], c: 'no'}\nd: |\n  two\n  lines\n\"k: 1\": {}\n";
        let first = Stream::read(text);
        let first = first.documents().next().unwrap().root();
        let again = Stream::read(written(first).unwrap());
        let again = again.documents().next().unwrap().root();
        assert_eq!(format!("{first:?}"), format!("{again:?}"));
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("a: {}{}", "[".repeat(500), "]".repeat(500));
        let stream = Stream::read(deep);
        assert_eq!(written(stream.documents().next().unwrap().root()), None);
    }
}
