//! `detection/runtime-sensor`; prose and cases in `runtime_sensor.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Object, Place};
use seaworthy_podsecurity::Pod;

use crate::change;
use crate::closed_world::CLUSTER;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::{ObjectScope, PodScope};
use crate::verdict::{Fault, Verdict};

/// Sensors by their images: the end of the repository.
const SENSORS: &[(&str, &str)] = &[
    ("aquasec/tracee", "Tracee"),
    ("cilium/tetragon", "Tetragon"),
    ("falcosecurity/falco", "Falco"),
    ("falcosecurity/falco-no-driver", "Falco"),
    ("kubearmor/kubearmor", "KubeArmor"),
    ("neuvector/enforcer", "NeuVector"),
    ("stackrox-io/collector", "StackRox"),
    ("sysdig/agent", "Sysdig"),
    ("sysdig/agent-slim", "Sysdig"),
];

pub(super) static CONTROL: Control = Control {
    id: "detection/runtime-sensor",
    title: "A runtime sensor runs on every node",
    phase: Phase::Research,
    step: 1,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Runtime],
    change: &change::OBSERVABILITY,
    page: include_str!("runtime_sensor.md"),
    mappings: Mappings { nsa: &["alerting"], attack: &["T1562", "T1059"], ..Mappings::NONE },
    check: Check::Several(&[Check::Pod(judge_pod), Check::Object { kinds: CLUSTER, check: judge_cluster }]),
    guard: None,
    probes: &[],
};

/// The sensor that a pod is.
fn sensor(pod: &Pod<'_>) -> Option<&'static str> {
    pod.containers().find_map(|container| {
        let image = container.image()?;
        let repository = image.split('@').next().unwrap_or(image);
        let (folder, last) = repository.rsplit_once('/').unwrap_or(("", repository));
        let repository = format!("{folder}/{}", last.split(':').next().unwrap_or(last));
        let is =
            |(known, _): &&(&str, &str)| repository == *known || repository.ends_with(&format!("/{known}"));
        SENSORS.iter().find(is).map(|(_, name)| *name)
    })
}

fn judge_pod<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let Some(name) = sensor(scope.pod()) else { return Verdict::NotApplicable };
    let owner = scope.owner();
    if owner.kind != "DaemonSet" {
        return Verdict::NotApplicable;
    }
    let spec = scope.pod().spec();
    let tolerations = spec.get("tolerations");
    let mut faults = Vec::new();
    let all = |toleration: Value<'a>| {
        let text = |key| toleration.get(key).map_or("", |value: Value<'a>| value.text());
        text("key").is_empty() && text("operator") == "Exists" && text("effect").is_empty()
    };
    if !tolerations.into_iter().flat_map(|list| list.items()).any(all) {
        let place = tolerations.map_or(Place::missing(spec, "tolerations"), Place::at);
        let message =
            format!("{name} does not tolerate every taint: nodes with one of their own are not watched");
        faults.push(Fault::new(place, message).graded(Severity::Medium));
    }
    faults.extend(status(scope, owner, name));
    match (faults.is_empty(), scope.around.is_live()) {
        (false, _) => Verdict::Fail(faults),
        (true, true) => Verdict::Pass,
        (true, false) => Verdict::unknown(
            format!("files do not show whether {name} is ready on every node"),
            "the status of the DaemonSet in the cluster, and the events that the sensor has lost",
        ),
    }
}

/// Nodes on which the sensor is not ready, or for which none is meant.
fn status<'a>(scope: &PodScope<'_, 'a>, owner: &Object<'a>, name: &str) -> Option<Fault<'a>> {
    let status = owner.value.get("status")?;
    let number =
        |key| status.get(key).and_then(|value: Value<'a>| value.text().parse::<u64>().ok()).unwrap_or(0);
    let (wanted, ready) = (number("desiredNumberScheduled"), number("numberReady"));
    let evidence = scope.around.evidence;
    let linux = |node: &&Object<'a>| {
        node.is("", "Node") && node.label("kubernetes.io/os").is_none_or(|system| system == "linux")
    };
    let nodes = match scope.around.has_all("", "Node", None) {
        true => evidence.of_kind("Node").filter(linux).count() as u64,
        false => 0,
    };
    let message = if ready < wanted {
        format!("{name} is ready on {ready} of {wanted} nodes")
    } else if wanted < nodes {
        format!("{name} is meant for {wanted} of {nodes} Linux nodes")
    } else {
        return None;
    };
    Some(Fault::new(Place::at(status), message))
}

fn judge_cluster<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let mut workloads = scope.around.evidence.workloads().iter();
    if workloads.any(|workload| sensor(&workload.pod).is_some()) {
        return Verdict::NotApplicable;
    }
    match scope.around.has_all("apps", "DaemonSet", None) && scope.around.has_all("", "Pod", None) {
        true => Verdict::fail(Fault::new(
            Place::at(scope.object.value.at(&["metadata", "name"]).unwrap_or(scope.object.value)),
            "no DaemonSet is a runtime sensor that is known: what processes in containers do is seen by nobody",
        )),
        false => Verdict::unknown(
            "not all DaemonSets and pods were shown, and none of those that were is a sensor that is known",
            "the DaemonSets of all namespaces",
        ),
    }
}
