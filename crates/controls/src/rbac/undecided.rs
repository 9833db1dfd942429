//! What a role or binding leaves open: a pass needs all of it.

use seaworthy_document::{Kind, Value};

use crate::verdict::Verdict;

/// Whether a text stands for another one that something fills in later.
pub(crate) fn is_open(text: &str) -> bool {
    ["${", "$(", "{{"].iter().any(|mark| text.contains(mark))
}

/// A pass, unless the rules of a role hold placeholders or what the API server would not decode.
pub(crate) fn pass_of_rules<'a>(role: Value<'a>) -> Verdict<'a> {
    of_list(role.get("rules"), |rule| {
        let lists = rule.entries().filter(|(_, value)| !value.is_null()).map(|(_, list)| list);
        lists.fold(State::Read, |state, list| state.and(of_texts(list)))
    })
}

/// A pass, unless the API server would not decode the subjects or the role of a binding.
pub(crate) fn pass_of_binding<'a>(binding: Value<'a>) -> Verdict<'a> {
    of_binding(binding, |_, _| false)
}

/// A pass, unless the kind of a subject or the name of one of these kinds is a placeholder, or the API server would not
/// decode the binding.
pub(crate) fn pass_of_subjects<'a>(binding: Value<'a>, kinds: &[&str]) -> Verdict<'a> {
    of_binding(binding, |subject, key| {
        let kind = subject.get("kind").map_or("", |kind| kind.text());
        key == "kind" || key == "name" && kinds.contains(&kind)
    })
}

fn of_binding<'a>(binding: Value<'a>, matters: impl Fn(Value<'a>, &str) -> bool) -> Verdict<'a> {
    let fields = |map: Value<'a>, of: &dyn Fn(&str, Value<'a>) -> State| {
        map.entries().map(|(key, value)| of(key.text(), value)).fold(State::Read, State::and)
    };
    let decodes = |value| if of_text(value) == State::Wrong { State::Wrong } else { State::Read };
    match binding.get("roleRef").map_or(State::Read, |role| fields(role, &|_, value| decodes(value))) {
        State::Read => of_list(binding.get("subjects"), |subject| {
            fields(subject, &|key, value| if matters(subject, key) { of_text(value) } else { decodes(value) })
        }),
        other => other.verdict(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Read,
    Open,
    Wrong,
}

impl State {
    fn and(self, other: State) -> State {
        self.max(other)
    }

    fn verdict<'a>(self) -> Verdict<'a> {
        match self {
            State::Read => Verdict::Pass,
            State::Open => Verdict::unknown("a placeholder stands where it matters", "the rendered object"),
            State::Wrong => Verdict::unknown(
                "the API server would refuse to decode this object",
                "the object with the fields named in the diagnostics corrected",
            ),
        }
    }
}

fn of_list<'a>(list: Option<Value<'a>>, of_item: impl Fn(Value<'a>) -> State) -> Verdict<'a> {
    let Some(list) = list else { return Verdict::Pass };
    if !list.is_sequence() {
        return State::Wrong.verdict();
    }
    let items = list.items().map(|item| if item.is_mapping() { of_item(item) } else { State::Wrong });
    items.fold(State::Read, State::and).verdict()
}

fn of_texts(list: Value<'_>) -> State {
    if !list.is_sequence() {
        return State::Wrong;
    }
    list.items().map(of_text).fold(State::Read, State::and)
}

fn of_text(value: Value<'_>) -> State {
    match value.kind() {
        Kind::String if is_open(value.text()) => State::Open,
        Kind::String | Kind::Null => State::Read,
        _ => State::Wrong,
    }
}
