//! Label selectors (`metav1.LabelSelector`).

use seaworthy_document::Value;

use crate::labels::{Known, Labels, is_placeholder};
use crate::truth::Truth;

/// A label selector: all of its requirements together. Without any it selects everything; that a selector is absent
/// is for its owner to tell.
#[derive(Clone, Debug)]
pub struct Selector<'a> {
    value: Option<Value<'a>>,
    requirements: Vec<Requirement<'a>>,
}

#[derive(Clone, Debug)]
struct Requirement<'a> {
    key: &'a str,
    test: Test<'a>,
}

#[derive(Clone, Debug)]
enum Test<'a> {
    /// One of these values, sorted; `whole` says that no placeholder is among them.
    In {
        values: Vec<&'a str>,
        whole: bool,
    },
    /// None of these, or no such label.
    NotIn {
        values: Vec<&'a str>,
        whole: bool,
    },
    Exists,
    DoesNotExist,
    /// Nothing that the API server knows, or a placeholder.
    Open,
}

impl<'a> Selector<'a> {
    /// The selector that selects everything.
    pub fn everything() -> Selector<'a> {
        Selector { value: None, requirements: Vec::new() }
    }

    /// Reads a selector. What the API server would refuse, and placeholders, leave open what is selected.
    pub fn read(value: Value<'a>) -> Selector<'a> {
        let mut requirements = Vec::new();
        let open = Requirement { key: "", test: Test::Open };
        if !value.is_mapping() {
            requirements.push(open.clone());
        }
        if let Some(labels) = value.get("matchLabels") {
            if !labels.is_mapping() {
                requirements.push(open.clone());
            }
            requirements.extend(labels.entries().map(|(key, value)| {
                let text = if value.is_null() { Some("") } else { value.as_str() };
                let test = match text {
                    Some(text) if !is_placeholder(text) && !is_placeholder(key.text()) => {
                        Test::In { values: vec![text], whole: true }
                    }
                    _ => Test::Open,
                };
                Requirement { key: key.text(), test }
            }));
        }
        if let Some(expressions) = value.get("matchExpressions") {
            if !expressions.is_sequence() {
                requirements.push(open);
            }
            requirements.extend(expressions.items().map(Requirement::read));
        }
        Selector { value: Some(value), requirements }
    }

    /// Where it stands.
    pub fn value(&self) -> Option<Value<'a>> {
        self.value
    }

    /// Whether it selects everything there is or will be.
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether something in it is not known: a placeholder, or what the API server would refuse.
    pub fn is_open(&self) -> bool {
        self.requirements.iter().any(|requirement| match &requirement.test {
            Test::In { whole, .. } | Test::NotIn { whole, .. } => !whole,
            Test::Exists | Test::DoesNotExist => false,
            Test::Open => true,
        })
    }

    /// Whether it selects something with these labels.
    pub fn selects(&self, labels: &Labels<'a>) -> Truth {
        Truth::all(self.requirements.iter().map(|requirement| requirement.holds(labels)))
    }

    /// A label that everything selected bears: the key with one of these values. `None` when there is no such label.
    pub(crate) fn needed_pairs(&self) -> Option<(&'a str, &[&'a str])> {
        self.requirements.iter().find_map(|requirement| match &requirement.test {
            Test::In { values, whole: true } => Some((requirement.key, values.as_slice())),
            _ => None,
        })
    }
}

impl<'a> Requirement<'a> {
    fn read(value: Value<'a>) -> Requirement<'a> {
        let text = |key| value.get(key).and_then(|value| value.as_str());
        let (Some(key), Some(operator)) = (text("key").filter(|key| !is_placeholder(key)), text("operator"))
        else {
            return Requirement { key: "", test: Test::Open };
        };
        let mut whole = true;
        let mut values: Vec<&'a str> = Vec::new();
        for item in value.get("values").iter().flat_map(Value::items) {
            match item.as_str().filter(|text| !is_placeholder(text)) {
                Some(text) => values.push(text),
                None => whole = false,
            }
        }
        values.sort_unstable();
        let some = !values.is_empty() || !whole;
        let test = match operator {
            "In" if some => Test::In { values, whole },
            "NotIn" if some => Test::NotIn { values, whole },
            "Exists" if !some => Test::Exists,
            "DoesNotExist" if !some => Test::DoesNotExist,
            _ => Test::Open,
        };
        Requirement { key, test }
    }

    fn holds(&self, labels: &Labels<'a>) -> Truth {
        let known = labels.get(self.key);
        match &self.test {
            Test::In { values, whole } => is_in(known, values, *whole),
            Test::NotIn { values, whole } => is_in(known, values, *whole).negated(),
            Test::Exists => is_there(known),
            Test::DoesNotExist => is_there(known).negated(),
            Test::Open => Truth::Maybe,
        }
    }
}

fn is_in(known: Known<'_>, values: &[&str], whole: bool) -> Truth {
    match known {
        Known::Absent => Truth::No,
        Known::Is(value) if values.binary_search(&value).is_ok() => Truth::Yes,
        Known::Is(_) if whole => Truth::No,
        Known::Is(_) | Known::Present | Known::Nothing => Truth::Maybe,
    }
}

fn is_there(known: Known<'_>) -> Truth {
    match known {
        Known::Absent => Truth::No,
        Known::Is(_) | Known::Present => Truth::Yes,
        Known::Nothing => Truth::Maybe,
    }
}
