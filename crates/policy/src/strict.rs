//! Reading maps of which every field is known: whatever else stands there is a mistake that a person wants to hear of.

use seaworthy_document::{Kind, Span, Value};

use crate::nearest::nearest;

/// Something wrong, and where. The thing that it stands in has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes in question.
    pub span: Span,
    /// What is wrong and what to do: lower case, no full stop.
    pub message: String,
}

/// A value and where it stands, so that those who know its meaning can point at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The bytes of the value in its file.
    pub span: Span,
}

/// Problems of one file. A file of mistakes has as many as it has values: a person needs the first ones.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

const MOST: usize = 100;

impl Problems {
    pub(crate) fn at(&mut self, span: Span, message: impl Into<String>) {
        if self.0.len() < MOST {
            self.0.push(Problem { span, message: message.into() });
        }
    }
}

/// A map with known fields. Null is absent, as for the API's decoder.
pub(crate) struct Fields<'a, 'p> {
    map: Value<'a>,
    /// What the map is, for messages: "`spec.match`".
    name: &'static str,
    problems: &'p mut Problems,
}

impl<'a, 'p> Fields<'a, 'p> {
    /// Checks that a value is a map with no other fields than these; `None` when it is no map.
    pub(crate) fn open(
        map: Value<'a>,
        name: &'static str,
        known: &'static [&'static str],
        problems: &'p mut Problems,
    ) -> Option<Fields<'a, 'p>> {
        if !map.is_mapping() {
            problems.at(map.entry_span(), format!("{name} must be a map, not {}", kind_name(map)));
            return None;
        }
        for (key, _) in map.entries() {
            if !known.contains(&key.text()) {
                let hint = match nearest(key.text(), known.iter().copied()).first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it has {}", quoted(known)),
                };
                problems.at(key.span(), format!("{name} has no field `{}`: {hint}", short(key.text())));
            }
        }
        Some(Fields { map, name, problems })
    }

    pub(crate) fn problem(&mut self, span: Span, message: impl Into<String>) {
        self.problems.at(span, message);
    }

    pub(crate) fn problems(&mut self) -> &mut Problems {
        self.problems
    }

    pub(crate) fn get(&self, key: &str) -> Option<Value<'a>> {
        self.map.get(key)
    }

    /// Where to point when something is missing.
    pub(crate) fn span(&self) -> Span {
        self.map.entry_span()
    }

    fn wrong(&mut self, value: Value<'a>, field: &str, expected: &str) {
        let message = format!("`{field}` must be {expected}, not {}", kind_name(value));
        self.problems.at(value.entry_span(), message);
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let value = self.map.get(key)?;
        self.text_of(value, key)
    }

    fn text_of(&mut self, value: Value<'a>, field: &str) -> Option<Spanned<String>> {
        let Some(text) = value.as_str() else {
            let quotes = match value.kind() {
                Kind::Bool | Kind::Int | Kind::Float => ": put it in quotes if it is one",
                _ => "",
            };
            let message = format!("`{field}` must be a text, not {}{quotes}", kind_name(value));
            self.problems.at(value.entry_span(), message);
            return None;
        };
        if text.trim().is_empty() {
            self.problems.at(value.entry_span(), format!("`{field}` is empty"));
            return None;
        }
        Some(Spanned { value: text.trim().to_owned(), span: value.span() })
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, key: &'static str, why: &str) -> Option<Spanned<String>> {
        if self.map.get(key).is_none() {
            let message = format!("{} has no `{key}`: {why}", self.name);
            self.problems.at(self.span(), message);
            return None;
        }
        self.text(key)
    }

    pub(crate) fn bool(&mut self, key: &'static str) -> Option<bool> {
        let value = self.map.get(key)?;
        let read = value.as_bool();
        if read.is_none() {
            self.wrong(value, key, "`true` or `false`");
        }
        read
    }

    /// A whole number over zero.
    pub(crate) fn count(&mut self, key: &'static str) -> Option<Spanned<u64>> {
        let value = self.map.get(key)?;
        let number =
            value.as_i64().and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0);
        if number.is_none() {
            self.wrong(value, key, "a whole number over zero");
        }
        number.map(|number| Spanned { value: number, span: value.span() })
    }

    /// A list of texts. An empty list says neither "none" nor "all", so it is a mistake.
    pub(crate) fn texts(&mut self, key: &'static str) -> Option<Vec<Spanned<String>>> {
        let list = self.map.get(key)?;
        if !list.is_sequence() {
            self.wrong(list, key, "a list of texts");
            return None;
        }
        let texts: Vec<_> = list.items().filter_map(|item| self.text_of(item, key)).collect();
        if list.items().next().is_none() {
            self.problems.at(list.entry_span(), format!("`{key}` is an empty list: leave it out or fill it"));
        }
        Some(texts)
    }

    /// The items of a list of maps.
    pub(crate) fn maps(&mut self, key: &'static str) -> Vec<Value<'a>> {
        let Some(list) = self.map.get(key) else { return Vec::new() };
        if !list.is_sequence() {
            self.wrong(list, key, "a list");
        }
        list.items().collect()
    }

    /// The entries of a map from text to a scalar (or a list of texts, joined by commas).
    pub(crate) fn assignments(
        &mut self,
        key: &'static str,
        lists: bool,
    ) -> Vec<(Spanned<String>, Spanned<String>)> {
        let Some(map) = self.map.get(key) else { return Vec::new() };
        if !map.is_mapping() {
            self.wrong(map, key, "a map");
        }
        let mut assignments = Vec::new();
        for (name, value) in map.entries() {
            let text = match value.kind() {
                Kind::Null => continue,
                Kind::String | Kind::Int => Some(value.text().trim().to_owned()),
                Kind::Sequence if lists => self.joined(value, name.text()),
                _ => {
                    let expected = if lists { "a text, a number or a list of texts" } else { "a text" };
                    self.wrong(value, name.text(), expected);
                    None
                }
            };
            let name = Spanned { value: name.text().to_owned(), span: name.span() };
            assignments.extend(text.map(|text| (name, Spanned { value: text, span: value.span() })));
        }
        assignments
    }

    fn joined(&mut self, list: Value<'a>, field: &str) -> Option<String> {
        let mut texts = Vec::new();
        for item in list.items() {
            let text = self.text_of(item, field)?;
            if text.value.contains(',') {
                self.problems.at(text.span, format!("`{field}`: an item of the list cannot hold a comma"));
                return None;
            }
            texts.push(text.value);
        }
        Some(texts.join(","))
    }
}

/// What a value is, in words.
pub(crate) fn kind_name(value: Value<'_>) -> String {
    match value.kind() {
        Kind::Null => "nothing".to_owned(),
        Kind::Int => format!("the integer `{}`", short(value.text())),
        Kind::Float => format!("the number `{}`", short(value.text())),
        Kind::Bool => format!("the boolean `{}`", short(value.text())),
        Kind::String => "a text".to_owned(),
        Kind::Sequence => "a list".to_owned(),
        Kind::Mapping => "a map".to_owned(),
    }
}

/// A text from a file for a message: cut when it is long.
pub(crate) fn short(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

pub(crate) fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
