//! Processes of a node: [`NodeReading`](crate::collection::GROUP).

use seaworthy_document::Value;

use super::find::etcd_flag;
use super::{Component, Flag, Program, Setup, command_line};
use crate::object::Object;

/// Calls `found` with every component that runs as a process of a node.
pub(super) fn components_of<'a>(object: &Object<'a>, index: u32, mut found: impl FnMut(Component<'a>)) {
    for process in object.value.get("processes").iter().flat_map(Value::items) {
        let text = |key| process.get(key).and_then(|value| value.as_str());
        let Some(program) = text("program").and_then(Program::named) else { continue };
        // An etcd that an application brought along is not the store of the cluster.
        let is_of_workload =
            process.get("staticPod").and_then(|is_static| is_static.as_bool()) == Some(false);
        if program == Program::Etcd && is_of_workload {
            continue;
        }
        let Some(arguments) = process.get("arguments").filter(Value::is_sequence) else {
            let mut component = Component::new(program, Setup::Unread, index, process);
            component.node = Some(object.name);
            component.unread = Some(text("error").unwrap_or("the arguments of the process were not read"));
            found(component);
            continue;
        };
        let words = arguments.items().skip(1).filter_map(|word| Some((word.as_str()?, word)));
        // The environment yields to the command line.
        let mut flags: Vec<Flag<'a>> = match (program, process.get("environment")) {
            (Program::Etcd, Some(variables)) => {
                variables.entries().filter_map(|(name, at)| etcd_flag(name.text(), at)).collect()
            }
            _ => Vec::new(),
        };
        flags.extend(command_line::flags(words));
        found(Component {
            flags,
            node: Some(object.name),
            version: process.get("version"),
            ..Component::new(program, Setup::CommandLine, index, arguments)
        });
    }
}

/// Whether a process was told of a configuration file that could not be read: then those that could be decide nothing.
pub(super) fn lacks_files(process: &Component<'_>) -> bool {
    let uses = process.settings.parent().and_then(|process| process.get("uses"));
    uses.iter().flat_map(Value::items).any(|used| {
        let setting = used.get("setting").map_or("", |setting| setting.text());
        matches!(setting, "config" | "config-dir") && used.get("error").is_some()
    })
}
