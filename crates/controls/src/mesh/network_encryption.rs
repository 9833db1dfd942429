//! `mesh/network-encryption`; prose and cases in `network_encryption.md`.

use seaworthy_document::{Stream, Value};
use seaworthy_evidence::{Object, Place};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// Switches of Cilium, any one of which encrypts traffic between nodes.
const CILIUM: &[&str] = &["enable-wireguard", "enable-ipsec"];

const NEEDS: &str = "the configuration as it is applied";

pub(super) static CONTROL: Control = Control {
    id: "mesh/network-encryption",
    title: "Traffic between nodes is encrypted by the CNI",
    phase: Phase::Research,
    step: 3,
    severity: Severity::Medium,
    scopes: &[Scope::Cluster, Scope::Manifests],
    change: &change::NODE_ENCRYPTION,
    page: include_str!("network_encryption.md"),
    mappings: Mappings { nsa: &["encryption"], attack: &["T1040", "T1557"], ..Mappings::NONE },
    check: Check::Object {
        kinds: &[
            ("", "ConfigMap"),
            ("cilium.io", "CiliumNodeConfig"),
            ("crd.projectcalico.org", "FelixConfiguration"),
            ("projectcalico.org", "FelixConfiguration"),
            ("operator.openshift.io", "Network"),
        ],
        check,
    },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let object = scope.object;
    match object.kind {
        "ConfigMap" => config_map(object),
        "CiliumNodeConfig" => cilium_node(object),
        "FelixConfiguration" => felix(object),
        _ => openshift(object),
    }
}

/// The settings of network plugins that are kept in ConfigMaps, recognised by names that no other program uses.
fn config_map<'a>(object: &Object<'a>) -> Verdict<'a> {
    let Some(data) = object.value.get("data") else { return Verdict::NotApplicable };
    if object.name == "cilium-config" {
        return cilium(data);
    }
    if let Some(text) = data.get("antrea-agent.conf") {
        return antrea(text);
    }
    match data.get("net-conf.json") {
        Some(text) => flannel(text),
        None => Verdict::NotApplicable,
    }
}

fn cilium(data: Value<'_>) -> Verdict<'_> {
    let values = || CILIUM.iter().filter_map(|key| data.get(key));
    if values().any(|value| value.text() == "true") {
        return Verdict::Pass;
    }
    if values().any(|value| is_placeholder(value.text())) {
        return Verdict::unknown("the encryption of Cilium is filled in later", NEEDS);
    }
    // With ztunnel only the namespaces that are enrolled are encrypted.
    if data.get("enable-ztunnel").is_some_and(|value| value.text() == "true") {
        return Verdict::unknown(
            "`enable-ztunnel` encrypts the traffic of enrolled namespaces only",
            "the labels of all namespaces",
        );
    }
    match values().next() {
        Some(value) => {
            let key = value.key().map_or("", |key| key.text());
            Verdict::fail(Fault::new(
                Place::at(value),
                format!("`{key}: {}`, and no other encryption is on", value.text()),
            ))
        }
        None => Verdict::fail(Fault::new(
            Place::missing(data, "enable-wireguard"),
            "neither `enable-wireguard` nor `enable-ipsec` is set: traffic between nodes is in the clear",
        )),
    }
}

/// Overrides for some nodes.
fn cilium_node<'a>(object: &Object<'a>) -> Verdict<'a> {
    let values = || CILIUM.iter().filter_map(|key| object.value.at(&["spec", "defaults", key]));
    let off = values().find(|value| value.text() == "false");
    match off.filter(|_| !values().any(|value| value.text() == "true")) {
        Some(value) => {
            let key = value.key().map_or("", |key| key.text());
            let message = format!("`{key}: false` turns encryption off for the nodes that this selects");
            Verdict::fail(Fault::new(Place::at(value), message))
        }
        None => Verdict::NotApplicable,
    }
}

/// The object `default` holds for all nodes, `node.NAME` for one.
fn felix<'a>(object: &Object<'a>) -> Verdict<'a> {
    let of_node = object.name.starts_with("node.");
    if !of_node && object.name != "default" {
        return Verdict::NotApplicable;
    }
    let Some(spec) = object.value.get("spec") else { return Verdict::NotApplicable };
    let enabled = ["wireguardEnabled", "wireguardEnabledV6"].map(|key| spec.get(key));
    // One family of addresses may be all that there is.
    if enabled.iter().flatten().any(|value| value.as_bool() == Some(true)) {
        return Verdict::Pass;
    }
    if let Some(off) = enabled.iter().flatten().find(|value| value.as_bool() == Some(false)) {
        let key = off.key().map_or("", |key| key.text());
        let message = format!("`{key}: false`: traffic between nodes is in the clear");
        return Verdict::fail(Fault::new(Place::at(*off), message));
    }
    match enabled.iter().flatten().next() {
        Some(_) => Verdict::unknown("`wireguardEnabled` is neither true nor false", NEEDS),
        None if of_node => Verdict::NotApplicable,
        None => Verdict::fail(Fault::new(
            Place::missing(spec, "wireguardEnabled"),
            "`wireguardEnabled` is not set: traffic between nodes is in the clear",
        )),
    }
}

fn antrea(text: Value<'_>) -> Verdict<'_> {
    let read = Stream::read(text.text());
    if !read.diagnostics().is_empty() {
        return Verdict::unknown("the configuration cannot be read, or is filled in later", NEEDS);
    }
    let mode = read.documents().next().and_then(|document| document.root().get("trafficEncryptionMode"));
    match mode.map_or("none", |mode| mode.text()).to_ascii_lowercase().as_str() {
        "ipsec" | "wireguard" => Verdict::Pass,
        mode if is_placeholder(mode) => Verdict::unknown("`trafficEncryptionMode` is filled in later", NEEDS),
        _ => Verdict::fail(Fault::new(
            Place::at(text),
            "`trafficEncryptionMode` is none: traffic between nodes is in the clear",
        )),
    }
}

fn flannel(text: Value<'_>) -> Verdict<'_> {
    let read = Stream::read(text.text());
    if !read.diagnostics().is_empty() {
        return Verdict::unknown("the configuration cannot be read, or is filled in later", NEEDS);
    }
    let kind = read.documents().next().and_then(|document| document.root().at(&["Backend", "Type"]));
    match kind.map_or("udp", |kind| kind.text()) {
        "wireguard" | "ipsec" => Verdict::Pass,
        kind if is_placeholder(kind) => Verdict::unknown("the backend of Flannel is filled in later", NEEDS),
        kind => {
            let message = format!("the backend `{kind}` sends traffic between nodes in the clear");
            Verdict::fail(Fault::new(Place::at(text), message))
        }
    }
}

fn openshift<'a>(object: &Object<'a>) -> Verdict<'a> {
    let Some(network) = object.value.at(&["spec", "defaultNetwork"]) else { return Verdict::NotApplicable };
    let ovn = network.get("ovnKubernetesConfig");
    if ovn.is_none() && network.get("type").is_none_or(|kind| kind.text() != "OVNKubernetes") {
        return Verdict::NotApplicable;
    }
    let Some(ipsec) = ovn.and_then(|ovn| ovn.get("ipsecConfig")) else {
        return Verdict::fail(Fault::new(
            Place::missing(ovn.unwrap_or(network), "ipsecConfig"),
            "`ipsecConfig` is not set: traffic between nodes is in the clear",
        ));
    };
    match ipsec.get("mode") {
        Some(mode) if mode.text() == "Full" => Verdict::Pass,
        Some(mode) if matches!(mode.text(), "Disabled" | "External") => {
            let message = format!("`mode: {}` does not encrypt traffic between nodes", mode.text());
            Verdict::fail(Fault::new(Place::at(mode), message))
        }
        // What an absent mode means differs between releases of OpenShift.
        _ => Verdict::unknown("`ipsecConfig.mode` is not set, or none that is known", NEEDS),
    }
}
