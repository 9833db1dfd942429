//! Where Alertmanager sends alerts: its configuration as a text of a Secret or ConfigMap.

use std::collections::BTreeSet;

use seaworthy_document::{Stream, Value};

/// What a configuration says about its receivers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Routes {
    /// Every route but those that are silent on purpose leads somewhere.
    Delivered,
    /// These receivers are routed to, and reach nobody.
    Silent(Vec<String>),
    /// The text is no configuration that could be read.
    Unread,
}

/// Receivers that are silent on purpose, by their names: the default configuration of Alertmanager and the charts for it
/// drop some alerts there.
const SILENT_ON_PURPOSE: &[&str] = &["null", "blackhole", "none", "devnull", "void", "watchdog"];

/// How deep routes are followed.
const DEPTH: usize = 16;

/// Reads a configuration: `route` and `receivers`.
pub(super) fn read(text: &str) -> Routes {
    let stream = Stream::read(text);
    let Some(root) = stream.documents().next().map(|document| document.root()) else { return Routes::Unread };
    let (Some(route), Some(receivers)) = (root.get("route"), root.get("receivers")) else {
        return Routes::Unread;
    };
    if !stream.diagnostics().is_empty() {
        return Routes::Unread;
    }
    of(&route, &receivers)
}

/// The same for values: the settings of an AlertmanagerConfig have this form as well.
pub(super) fn of(route: &Value<'_>, receivers: &Value<'_>) -> Routes {
    let reaching: BTreeSet<&str> = receivers
        .items()
        .filter(reaches_somebody)
        .filter_map(|receiver| receiver.get("name")?.as_str())
        .collect();
    let mut routed = BTreeSet::new();
    let mut level = vec![*route];
    for _ in 0..DEPTH {
        routed.extend(level.iter().filter_map(|route| route.get("receiver")?.as_str()));
        level =
            level.iter().filter_map(|route| route.get("routes")).flat_map(|routes| routes.items()).collect();
    }
    let root = route.get("receiver").and_then(|receiver| receiver.as_str());
    let on_purpose = |name: &str| SILENT_ON_PURPOSE.contains(&name.to_ascii_lowercase().as_str());
    let silent: Vec<String> = routed
        .iter()
        .filter(|name| !reaching.contains(*name))
        // The one that takes everything else may be silent when others are not.
        .filter(|name| !on_purpose(name) || (Some(**name) == root && reaching.is_empty()))
        .map(|name| (*name).to_owned())
        .collect();
    if silent.is_empty() { Routes::Delivered } else { Routes::Silent(silent) }
}

/// Whether a receiver has a destination: `webhook_configs` and the like, or `webhookConfigs` in the object.
fn reaches_somebody(receiver: &Value<'_>) -> bool {
    receiver.entries().any(|(key, value)| {
        let key = key.text();
        (key.ends_with("_configs") || key.ends_with("Configs")) && value.items().next().is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_without_a_destination_are_named() {
        let text = "route: {receiver: Default, routes: [{receiver: Watchdog}, {receiver: pager}]}\n\
                    receivers: [{name: Default}, {name: Watchdog}, {name: pager, webhook_configs: [{url: x}]}]\n";
        assert_eq!(read(text), Routes::Silent(vec!["Default".to_owned()]));
        let text = "route: {receiver: 'null', routes: [{receiver: pager}]}\n\
                    receivers: [{name: 'null'}, {name: pager, email_configs: [{to: x}]}]\n";
        assert_eq!(read(text), Routes::Delivered);
        assert_eq!(
            read("route: {receiver: 'null'}\nreceivers: [{name: 'null'}]"),
            Routes::Silent(vec!["null".to_owned()])
        );
        assert_eq!(read("receivers: []"), Routes::Unread);
    }
}
