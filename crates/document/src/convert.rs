//! A value as the JSON that `sigs.k8s.io/yaml` makes of it.

use std::fmt;

use crate::scalar::{self, Resolved};
use crate::tree::Kind;
use crate::value::Value;

impl Value<'_> {
    /// Writes the JSON that `YAMLToJSON` of `sigs.k8s.io/yaml` gives: keys sorted, of equal keys the last, numbers
    /// and escapes as Go prints them. Does not recurse.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl fmt::Write) -> fmt::Result {
        enum Step<'a> {
            Value(Value<'a>),
            Key(&'a str),
            Text(&'static str),
        }
        let mut steps = vec![Step::Value(*self)];
        while let Some(step) = steps.pop() {
            let value = match step {
                Step::Value(value) => value,
                Step::Key(key) => {
                    write_string(key, out)?;
                    out.write_char(':')?;
                    continue;
                }
                Step::Text(text) => {
                    out.write_str(text)?;
                    continue;
                }
            };
            match value.kind() {
                Kind::Sequence => {
                    out.write_char('[')?;
                    steps.push(Step::Text("]"));
                    let first = steps.len();
                    for item in value.items() {
                        steps.push(Step::Text(","));
                        steps.push(Step::Value(item));
                    }
                    if steps.len() > first {
                        steps.remove(first);
                    }
                    steps[first..].reverse();
                }
                Kind::Mapping => {
                    let mut entries: Vec<_> =
                        value.entries().map(|(key, value)| (key.text(), value)).collect();
                    entries.sort_by_key(|&(key, value)| (key, value.id()));
                    out.write_char('{')?;
                    steps.push(Step::Text("}"));
                    let first = steps.len();
                    for (index, &(key, value)) in entries.iter().enumerate().rev() {
                        if entries.get(index + 1).is_some_and(|&(next, _)| next == key) {
                            continue;
                        }
                        steps.push(Step::Value(value));
                        steps.push(Step::Key(key));
                        steps.push(Step::Text(","));
                    }
                    if steps.len() > first {
                        steps.pop();
                    }
                }
                _ => write_scalar(value, out)?,
            }
        }
        Ok(())
    }
}

fn write_scalar(value: Value<'_>, out: &mut impl fmt::Write) -> fmt::Result {
    match value.kind() {
        Kind::Null => out.write_str("null"),
        Kind::Bool => out.write_str(if value.as_bool() == Some(true) { "true" } else { "false" }),
        Kind::Int => match scalar::resolve(value.text()) {
            Resolved::Int(number) => write!(out, "{number}"),
            Resolved::Unsigned(number) => write!(out, "{number}"),
            _ => out.write_str("0"),
        },
        Kind::Float => out.write_str(&scalar::go_json_float(value.as_f64().unwrap_or(0.0))),
        Kind::String | Kind::Sequence | Kind::Mapping => write_string(value.text(), out),
    }
}

/// A string as `encoding/json` escapes it by default: also for HTML.
fn write_string(text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    out.write_char('"')?;
    let mut written = 0;
    for (at, character) in text.char_indices() {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\x08' => "\\b",
            '\x0c' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => "",
            _ => continue,
        };
        out.write_str(&text[written..at])?;
        match short {
            "" => write!(out, "\\u{:04x}", character as u32)?,
            short => out.write_str(short)?,
        }
        written = at + character.len_utf8();
    }
    out.write_str(&text[written..])?;
    out.write_char('"')
}
