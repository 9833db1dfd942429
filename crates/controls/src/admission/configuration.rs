//! The AdmissionConfiguration: what plugins are configured with.

use seaworthy_document::Value;

/// Entries that are looked at: there are some forty plugins, and every API server among the files looks for its own.
const MANY: usize = 128;

/// The entry of a plugin.
pub(super) fn plugin_of<'a>(file: Value<'a>, name: &str) -> Option<Value<'a>> {
    let mut plugins = file.get("plugins").into_iter().flat_map(|plugins| plugins.items());
    plugins.by_ref().take(MANY).find(|plugin| plugin.get("name").is_some_and(|value| value.text() == name))
}
