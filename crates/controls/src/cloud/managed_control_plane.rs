//! `cloud/managed-control-plane`; prose and cases in `managed_control_plane.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use super::descriptions::{DESCRIPTIONS, Description, Logs, Networks, Switch, find};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::secrets::credentials::is_placeholder;
use crate::verdict::{Fault, Verdict};

/// Logs of the control plane that incidents are reconstructed from.
const WANTED_LOGS: &[&str] = &["audit", "authenticator"];

pub(super) static CONTROL: Control = Control {
    id: "cloud/managed-control-plane",
    title: "Managed control plane has private endpoint, logs, KMS and support",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::CLOUD_SETTINGS,
    page: include_str!("managed_control_plane.md"),
    mappings: Mappings {
        nsa: &["control-plane"],
        attack: &["MS-TA9001", "MS-TA9005", "T1078.004"],
        kubescape: &[
            "C-0225", "C-0226", "C-0227", "C-0228", "C-0229", "C-0230", "C-0231", "C-0232", "C-0233",
            "C-0234", "C-0239", "C-0240", "C-0241", "C-0242", "C-0244", "C-0245", "C-0247", "C-0248",
            "C-0249", "C-0252", "C-0254", "C-0285",
        ],
        ..Mappings::NONE
    },
    check: Check::Object {
        kinds: &[
            ("container.cnrm.cloud.google.com", "ContainerCluster"),
            ("container.gcp.upbound.io", "Cluster"),
            ("containerservice.azure.upbound.io", "KubernetesCluster"),
            ("controlplane.cluster.x-k8s.io", "AWSManagedControlPlane"),
            ("eks.aws.upbound.io", "Cluster"),
            ("eksctl.io", "ClusterConfig"),
            ("infrastructure.cluster.x-k8s.io", "AzureManagedControlPlane"),
            ("infrastructure.cluster.x-k8s.io", "GCPManagedControlPlane"),
        ],
        check,
    },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let object = scope.object;
    let known = DESCRIPTIONS.iter().find(|description| object.is(description.group, description.kind));
    let Some((description, settings)) =
        known.and_then(|description| Some((description, object.value.at(description.root)?)))
    else {
        return Verdict::NotApplicable;
    };
    let mut faults = Vec::new();
    let mut undecided = false;
    match endpoint(description, settings) {
        Endpoint::Closed => {}
        Endpoint::Open(fault) => faults.push(fault),
        Endpoint::Undecided => undecided = true,
    }
    faults.extend(logs(description, settings));
    faults.extend(description.switches.iter().filter_map(|switch| thrown(switch, settings)));
    match undecided && faults.is_empty() {
        true => Verdict::unknown("who may reach the endpoint is filled in later", "the rendered object"),
        false => Verdict::of(faults),
    }
}

enum Endpoint<'a> {
    Closed,
    Open(Fault<'a>),
    Undecided,
}

/// Whether the API server answers the whole Internet.
fn endpoint<'a>(description: &Description, settings: Value<'a>) -> Endpoint<'a> {
    let switch = |path: &[&str]| (!path.is_empty()).then(|| find(settings, path)).flatten();
    let (public, private) = (switch(description.public), switch(description.private));
    if public.is_some_and(|value| value.as_bool() == Some(false))
        || private.is_some_and(|value| value.as_bool() == Some(true))
    {
        return Endpoint::Closed;
    }
    if [public, private].into_iter().flatten().any(|value| is_placeholder(value.text())) {
        return Endpoint::Undecided;
    }
    let Networks { path, key, shown } = description.networks;
    let list = find(settings, path);
    let text = |item: Value<'a>| match key {
        Some(key) => item.get(key),
        None => Some(item),
    };
    let networks: Vec<Value<'a>> = list.into_iter().flat_map(|list| list.items()).filter_map(text).collect();
    if let Some(everybody) = networks.iter().find(|network| matches!(network.text(), "0.0.0.0/0" | "::/0")) {
        let message = format!("`{}` may reach the API server: everybody on the Internet", everybody.text());
        return Endpoint::Open(Fault::new(Place::at(*everybody), message));
    }
    // On GKE the list is a switch as well: there, and empty, it lets in the nodes only.
    let listed = key.is_some() && path.split_last().is_some_and(|(_, block)| find(settings, block).is_some());
    if !networks.is_empty() || listed {
        return Endpoint::Closed;
    }
    if list.is_some_and(|list| !list.is_sequence() && is_placeholder(list.text())) {
        return Endpoint::Undecided;
    }
    let message = format!(
        "`{shown}` is not set, and the endpoint is public: everybody on the Internet may reach the API server"
    );
    let place = match (list, public) {
        (Some(list), _) => Place::at(list),
        (None, Some(public)) => Place::at(public),
        (None, None) => Place::missing(settings, shown),
    };
    Endpoint::Open(Fault::new(place, message))
}

/// The logs that are not kept.
fn logs<'a>(description: &Description, settings: Value<'a>) -> Option<Fault<'a>> {
    let (path, missing): (&'static [&'static str], Vec<&str>) = match description.logs {
        Logs::Elsewhere => return None,
        Logs::Service(path) => {
            let service = find(settings, path).filter(|service| service.text() == "none")?;
            let message = "`none`: no log of the control plane is kept";
            return Some(Fault::new(Place::at(service), message).graded(Severity::Medium));
        }
        Logs::List(path) => {
            let list = find(settings, path);
            if list.is_some_and(|list| !list.is_sequence()) {
                return None;
            }
            let kept: Vec<&str> =
                list.into_iter().flat_map(|list| list.items()).map(|item| item.text()).collect();
            if kept.iter().any(|kept| matches!(*kept, "*" | "all") || is_placeholder(kept)) {
                return None;
            }
            (path, WANTED_LOGS.iter().copied().filter(|log| !kept.contains(log)).collect())
        }
        Logs::Map(path) => {
            let map = find(settings, path);
            let kept = |log: &str| {
                map.and_then(|map| map.get(log))
                    .is_some_and(|value| value.as_bool() == Some(true) || is_placeholder(value.text()))
            };
            (path, WANTED_LOGS.iter().copied().filter(|log| !kept(log)).collect())
        }
    };
    if missing.is_empty() {
        return None;
    }
    let place = match find(settings, path) {
        Some(value) => Place::at(value),
        None => Place::missing(settings, path.last().copied().unwrap_or_default()),
    };
    let (noun, verb) = if missing.len() == 1 { ("log", "is") } else { ("logs", "are") };
    let message = format!("the {noun} `{}` of the control plane {verb} not kept", missing.join("`, `"));
    Some(Fault::new(place, message).graded(Severity::Medium))
}

fn thrown<'a>(switch: &Switch, settings: Value<'a>) -> Option<Fault<'a>> {
    let name = switch.path.last().copied().unwrap_or_default();
    let (place, stated) = match find(settings, switch.path) {
        Some(value) if value.as_bool() == Some(switch.bad) => (Place::at(value), true),
        None if switch.by_default => (Place::missing(settings, name), false),
        _ => return None,
    };
    let message = match stated {
        true => format!("`{name}: {}`: {}", switch.bad, switch.means),
        false => format!("`{name}` is not set: {}", switch.means),
    };
    Some(Fault::new(place, message).graded(Severity::Medium))
}
