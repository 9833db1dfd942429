//! `detection/log-shipping`; prose and cases in `log_shipping.md`.

use std::collections::BTreeMap;

use seaworthy_document::Value;
use seaworthy_evidence::{Found, Object, Place, Workload};

use super::log_agents::{self, Destinations};
use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

const NEEDS: &str = "the configuration of the agent, as it runs";

pub(super) static CONTROL: Control = Control {
    id: "detection/log-shipping",
    title: "Container, node and component logs are shipped off the node",
    phase: Phase::NextStep,
    step: 12,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::OBSERVABILITY,
    page: include_str!("log_shipping.md"),
    mappings: Mappings { nsa: &["logging"], attack: &["MS-TA9021", "T1070"], ..Mappings::NONE },
    check: Check::Several(&[Check::Evidence(check), Check::Reads(closed_world::AGENTS)]),
    guard: None,
    probes: &[],
};

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let mut judged = Vec::new();
    // Configurations of agents, once each, by their place.
    let mut configurations: BTreeMap<(u32, u32), &'e Object<'a>> = BTreeMap::new();
    for workload in evidence.workloads() {
        let owner = evidence.owner(workload);
        if owner.kind != "DaemonSet"
            || !workload.pod.containers().any(|c| c.image().is_some_and(log_agents::is_agent))
        {
            continue;
        }
        let mut known = false;
        for volume in workload.pod.volumes() {
            let Some(name) = volume.at(&["configMap", "name"]).and_then(|name| name.as_str()) else {
                continue;
            };
            if let Found::One(map) = evidence.named("ConfigMap", name, owner) {
                known = true;
                configurations.insert((map.file, map.value.id()), map);
            }
        }
        judged.push(Judged { object: owner, verdict: judge_agent(workload, known) });
    }
    // Many agents have names of their own, and providers ship logs by themselves: none that is known is no finding.
    if judged.is_empty()
        && around.has_all("apps", "DaemonSet", None)
        && let Some(object) = evidence.of_kind("Collection").next()
    {
        let reason = "no DaemonSet of the cluster is a log agent that is known";
        let verdict =
            Verdict::unknown(reason, "what takes logs off the nodes: another agent, or the provider");
        judged.push(Judged { object, verdict });
    }
    judged.extend(
        configurations.into_values().map(|object| Judged { object, verdict: judge_configuration(object) }),
    );
    judged
}

fn judge_agent<'a>(workload: &Workload<'a>, known: bool) -> Verdict<'a> {
    let spec = workload.pod.spec();
    let mut faults: Vec<Fault<'a>> = plain_variables(workload);
    let tolerations = spec.get("tolerations");
    if !tolerations.into_iter().flat_map(|list| list.items()).any(|item| reaches_control_plane(&item)) {
        let place = tolerations.map_or(Place::missing(spec, "tolerations"), Place::at);
        let message = "it does not tolerate the taint of the control plane: logs of these nodes, audit logs among them, are not shipped";
        faults.push(Fault::new(place, message).graded(Severity::Low));
    }
    if !faults.is_empty() {
        return Verdict::Fail(faults);
    }
    match known {
        true => Verdict::Pass,
        false => Verdict::unknown("the configuration of the log agent is not among the files", NEEDS),
    }
}

fn reaches_control_plane(toleration: &Value<'_>) -> bool {
    let text = |key| toleration.get(key).map_or("", |value| value.text());
    matches!(text("effect"), "" | "NoSchedule")
        && match text("key") {
            "" => text("operator") == "Exists",
            key => matches!(key, "node-role.kubernetes.io/control-plane" | "node-role.kubernetes.io/master"),
        }
}

/// The images of Fluentd for Kubernetes take their destination from variables.
fn plain_variables<'a>(workload: &Workload<'a>) -> Vec<Fault<'a>> {
    let containers = workload.pod.containers();
    let variables = containers.flat_map(|container| {
        let env = container.value().get("env").into_iter().flat_map(|env| env.items());
        env.map(move |variable| (container.name(), variable))
    });
    let faults = variables.filter_map(|(container, variable)| {
        let name = variable.get("name")?.text();
        let value = variable.get("value")?;
        let scheme = matches!(name, "FLUENT_ELASTICSEARCH_SCHEME" | "FLUENT_OPENSEARCH_SCHEME")
            && value.text() == "http";
        scheme.then(|| {
            let message = format!("`{name}: http`: logs cross the network in the clear");
            Fault::new(Place::at(value), message).in_container(container)
        })
    });
    faults.collect()
}

fn judge_configuration<'a>(map: &Object<'a>) -> Verdict<'a> {
    let mut all = Destinations::default();
    let mut faults = Vec::new();
    let mut last = None;
    for (key, value) in map.value.get("data").into_iter().flat_map(|data: Value<'a>| data.entries()) {
        let text = value.text();
        let found = log_agents::in_fluent_bit(text);
        if found.outputs > 0 {
            last = Some(value);
        }
        all.outputs += found.outputs;
        all.nowhere += found.nowhere;
        for plain in found.plain.into_iter().chain(log_agents::plain_addresses(text)) {
            let inside = plain.contains(".svc") || !plain.contains('.');
            let message = format!("`{}`: {plain}: logs cross the network in the clear", key.text());
            let fault = Fault::new(Place::at(value), message);
            // Between pods a mesh or the network plugin may encrypt.
            faults.push(if inside { fault.graded(Severity::Low) } else { fault });
        }
    }
    if let Some(value) = last
        && all.outputs == all.nowhere
    {
        let message = "every output writes to the agent's own log or to nothing: logs stay on the node";
        faults.push(Fault::new(Place::at(value), message));
    }
    match (faults.is_empty(), all.outputs > 0) {
        (false, _) => Verdict::Fail(faults),
        (true, true) => Verdict::Pass,
        // Scripts, parsers and formats that are not read say nothing against it.
        (true, false) => Verdict::NotApplicable,
    }
}
