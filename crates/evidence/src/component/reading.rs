//! What a running component says of itself: [`ComponentReading`](crate::collection::GROUP).

use seaworthy_document::Value;

use super::{Component, Flag, Program, Setup, version};
use crate::object::Object;

/// What `/flagz` shows in the place of a value that is a secret (`apiserver/pkg/server/flagz/flagreader.go`).
pub(super) const CLASSIFIED: &str = "CLASSIFIED";

/// Flags of the kubelet that no configuration file can state (`AddFlags` of `cmd/kubelet/app/options/options.go` of
/// v1.36). The others, as its `/flagz` shows them, have the defaults of flags although a configuration file is in charge.
const OF_KUBELET_ALONE: &[&str] = &[
    "bootstrap-kubeconfig",
    "cert-dir",
    "cloud-provider",
    "config",
    "config-dir",
    "hostname-override",
    "image-credential-provider-bin-dir",
    "image-credential-provider-config",
    "kubeconfig",
    "node-ip",
    "node-labels",
    "root-dir",
];

/// The component that a reading is of.
pub(super) fn component_of<'a>(object: &Object<'a>, index: u32) -> Option<Component<'a>> {
    let root = object.value;
    let text = |key| root.get(key).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
    let program = Program::named(text("program")?)?;
    let mut component = Component::new(program, Setup::Unread, index, root);
    component.node = text("node");
    for reading in root.get("readings").iter().flat_map(Value::items) {
        if let Some(error) = reading.get("error") {
            component.unread = component.unread.or(Some(error.text()));
            continue;
        }
        let version = reading.get("version").filter(|version| version::minor(version.text()).is_some());
        component.version = component.version.or(version);
        if let Some(configuration) = reading.get("configuration").filter(Value::is_mapping)
            && component.configuration.is_empty()
        {
            component.configuration.push(configuration);
        }
        if let Some(stated) = reading.get("flags").filter(Value::is_mapping)
            && !component.tells_flags
        {
            component.tells_flags = true;
            component.flags = flags(program, &stated);
            component.settings = stated;
        }
    }
    if program == Program::Kubelet {
        keep_decided(&mut component);
    }
    if component.tells_flags || !component.configuration.is_empty() {
        component.setup = Setup::Running;
        component.unread = None;
        if let (false, [configuration]) = (component.tells_flags, component.configuration.as_slice()) {
            component.settings = *configuration;
        }
    } else {
        component.unread = component.unread.or(Some("the component told nothing of its settings"));
    }
    Some(component)
}

/// The flags that are set. An empty value is that of a flag which is not.
fn flags<'a>(program: Program, stated: &Value<'a>) -> Vec<Flag<'a>> {
    let flags = stated.entries().map(|(name, at)| {
        let value = at.text();
        let list = value.strip_prefix('[').and_then(|value| value.strip_suffix(']'));
        Flag { name: name.text(), value: list.unwrap_or(value), at }
    });
    let says_something = |flag: &Flag<'_>| match (program, flag.name, flag.value) {
        (_, _, "") => false,
        // The default, which is shown too where the authentication configuration decides.
        (Program::ApiServer, "anonymous-auth", "true") => false,
        _ => true,
    };
    flags.filter(says_something).collect()
}

/// Leaves out the flags of a kubelet that do not tell what is in force: where there is a configuration file, its fields
/// have flags too, and nobody sees whether those were stated.
fn keep_decided(kubelet: &mut Component<'_>) {
    let has_file = kubelet.flags.iter().any(|flag| flag.is("config") || flag.is("config-dir"));
    if kubelet.configuration.is_empty() && !has_file {
        return;
    }
    kubelet.flags.retain(|flag| {
        OF_KUBELET_ALONE.contains(&flag.name)
            // Either of the flag and the field turns it on.
            || (flag.is("seccomp-default") && flag.value == "true")
    });
}
