//! Words of a container's command line.

use seaworthy_document::Value;
use seaworthy_podsecurity::Container;

/// The words of `command` and `args`, each with the item that holds it. Items are split at blanks as well, since they
/// may be given to a shell.
pub(super) fn words<'a>(container: Container<'a>) -> impl Iterator<Item = (&'a str, Value<'a>)> {
    ["command", "args"]
        .into_iter()
        .filter_map(move |field| container.value().get(field))
        .flat_map(|list| list.items())
        .flat_map(|item| item.text().split_ascii_whitespace().map(move |word| (word, item)))
}

/// The last statement of a flag, `--name`, `--name=value` or `--name value`: its value, and where it stands. A flag
/// without value has an empty one.
pub(super) fn flag<'a>(container: Container<'a>, name: &str) -> Option<(&'a str, Value<'a>)> {
    let mut words = words(container).peekable();
    let mut found = None;
    while let Some((word, at)) = words.next() {
        let Some(rest) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
        match rest.split_once('=') {
            Some((flag, value)) if flag == name => found = Some((value, at)),
            None if rest == name => {
                let value = words.peek().map_or("", |(word, _)| word);
                found = Some((if value.starts_with('-') { "" } else { value }, at));
            }
            _ => {}
        }
    }
    found
}

/// Where a switch is turned on: it stands alone, or with a value that is not false.
pub(super) fn switched_on<'a>(container: Container<'a>, name: &str) -> Option<Value<'a>> {
    let (value, at) = flag(container, name)?;
    (!matches!(value, "false" | "False" | "FALSE" | "0" | "f" | "F")).then_some(at)
}

/// The value of an environment variable as it is written.
pub(super) fn variable<'a>(container: Container<'a>, name: &str) -> Option<Value<'a>> {
    let variables = container.value().get("env")?;
    let found =
        variables.items().filter(|item| item.get("name").is_some_and(|found| found.text() == name)).last();
    found?.get("value")
}
