//! `exposure/control-plane-ports`; prose and cases in `control_plane_ports.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Object;
use seaworthy_probe::{Attempt, Subject};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::openings::{Openings, Reach};
use crate::probe::{Ground, Probe};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

/// Ports of the control plane and of nodes that nobody outside needs, and what answers there. 6443 has a control of
/// its own; 8080 and 8001 are ports of all sorts of applications.
const PORTS: &[(i64, &str)] = &[
    (2379, "etcd"),
    (2380, "etcd, between its members"),
    (10249, "kube-proxy, metrics"),
    (10250, "the kubelet"),
    (10255, "the kubelet, without authentication"),
    (10256, "kube-proxy, health"),
    (10257, "the controller manager"),
    (10259, "the scheduler"),
];

pub(super) static CONTROL: Control = Control {
    id: "exposure/control-plane-ports",
    title: "Ports of etcd, kubelets and components answer only inside",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::EXPOSURE,
    page: include_str!("control_plane_ports.md"),
    mappings: Mappings {
        nsa: &["control-plane"],
        attack: &["MS-TA9005", "MS-TA9030", "T1133", "T1046"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::ENTRIES),
        Check::Reads(closed_world::EVERY_POD),
    ]),
    guard: None,
    probes: &[OUTSIDE],
};

const OUTSIDE: Probe = Probe::unasked(
    "outside",
    "Nothing: whether this machine stands inside of the network of the nodes is not known",
    plan_outside,
);

fn plan_outside(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let reason = "that ports are reached from here, or not, says nothing of other places";
    vec![Attempt::cannot(
        Subject::cluster("nodes"),
        reason,
        "connections to ports 2379, 2380, 10250, 10255, 10257 and 10259 of each node from a machine outside",
    )]
}

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let mut concerned = evidence
        .of_kind("Service")
        .filter(|object| object.is("", "Service"))
        .map(|service| (service, ports(service)))
        .filter(|(_, ports)| !ports.is_empty())
        .peekable();
    if concerned.peek().is_none() {
        return Vec::new();
    }
    let openings = Openings::new(evidence);
    let mut judged = Vec::new();
    for (service, ports) in concerned {
        let answer = openings.to_service(service);
        if answer.openings.is_empty() {
            let verdict = match answer.undecided {
                true => Verdict::unknown(
                    "the type of the Service is none that is known, or is filled in later",
                    "the manifest as it is applied",
                ),
                false => Verdict::Pass,
            };
            judged.push(Judged { object: service, verdict });
        }
        for opening in answer.openings {
            let severity = match (opening.reach, opening.place.value.text()) {
                (Reach::Narrowed(_), _) | (_, "NodePort") => Severity::High,
                _ => Severity::Critical,
            };
            let faults = ports.iter().take(8).map(|(number, what)| {
                let to = format!("{} publishes port {number} ({what})", opening.words());
                Fault::new(opening.place, to).graded(severity)
            });
            judged.push(Judged { object: opening.object, verdict: Verdict::of(faults.collect()) });
        }
    }
    judged
}

/// The ports of a Service that lead to one of the ports in question: by the target where it is a number, else by the
/// port itself.
fn ports(service: &Object<'_>) -> Vec<(i64, &'static str)> {
    let list = service.value.at(&["spec", "ports"]);
    let numbers = list.iter().flat_map(Value::items).filter_map(|port| {
        let target =
            port.get("targetPort").and_then(|target| target.as_i64().or_else(|| target.text().parse().ok()));
        target.or_else(|| port.get("port")?.as_i64())
    });
    let mut found: Vec<(i64, &'static str)> =
        numbers.filter_map(|number| PORTS.iter().find(|(port, _)| *port == number).copied()).collect();
    found.sort_unstable();
    found.dedup();
    found
}
