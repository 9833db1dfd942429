//! The AdmissionConfiguration: what plugins are configured with.

use seaworthy_document::Value;

/// The entry of a plugin.
pub(super) fn plugin_of<'a>(file: Value<'a>, name: &str) -> Option<Value<'a>> {
    let mut plugins = file.get("plugins").into_iter().flat_map(|plugins| plugins.items());
    plugins.find(|plugin| plugin.get("name").is_some_and(|value| value.text() == name))
}
