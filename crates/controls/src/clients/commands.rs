//! Commands of `kubectl` and the like that containers run.

use seaworthy_document::Value;
use seaworthy_podsecurity::Container;

use crate::pods::programs;

/// Calls `found` with every program that a container runs when it starts or is probed, and with its arguments.
pub(super) fn run(container: &Container<'_>, mut found: impl FnMut(&str, &[String])) {
    let value = container.value();
    let list = |value: &Value<'_>, key| -> Vec<String> {
        let words = value.get(key).into_iter().flat_map(|words| words.items());
        words.map(|word| word.text().to_owned()).collect()
    };
    let mut words = list(&value, "command");
    if words.is_empty() {
        // The image decides what runs; `kubectl` images start it.
        let repository = container.image().and_then(|image| image.rsplit('/').next()).unwrap_or_default();
        let repository = repository.split([':', '@']).next().unwrap_or_default();
        let arguments = list(&value, "args");
        if repository == "kubectl"
            && arguments.first().is_none_or(|first| first != "kubectl" && !first.contains('/'))
        {
            words.push("kubectl".to_owned());
        }
    }
    words.extend(list(&value, "args"));
    let hooks = [
        &["lifecycle", "postStart", "exec"][..],
        &["lifecycle", "preStop", "exec"],
        &["livenessProbe", "exec"],
    ];
    let hooks = hooks.into_iter().filter_map(|path| value.at(path)).map(|exec| list(&exec, "command"));
    for line in std::iter::once(words).chain(hooks) {
        for command in programs::started(line.iter().map(String::as_str)) {
            if let Some((program, words)) = command.split_first() {
                found(program, words);
            }
        }
    }
}

/// Where the commands of a container stand.
pub(super) fn place<'a>(container: &Container<'a>) -> Value<'a> {
    let value = container.value();
    value.get("args").or_else(|| value.get("command")).unwrap_or(value)
}
