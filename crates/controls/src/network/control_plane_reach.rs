//! `network/control-plane-reach`; prose and cases in `control_plane_reach.md`.

use seaworthy_probe::{Attempt, Consent, Subject};
use seaworthy_reachability::{Direction, Endpoint, Family, Port};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::network::default_deny;
use crate::network::reach::{self, Reaching};
use crate::network::zones::{self, ZoneScope};
use crate::probe::{Ground, Probe, pods};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "network/control-plane-reach",
    title: "Pods cannot reach kubelet, etcd or node services",
    phase: Phase::NextStep,
    step: 11,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Runtime],
    change: &change::DEFAULT_DENY,
    page: include_str!("control_plane_reach.md"),
    mappings: Mappings {
        cis: &["5.3.2"],
        nsa: &["netpol"],
        attack: &["MS-TA9030", "MS-TA9034", "T1046"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::POLICIES),
        Check::Reads(closed_world::EVERY_POD),
    ]),
    guard: None,
    probes: &[POD],
};

const POD: Probe = Probe {
    name: "pod",
    asks: "the caller starts a pod in a new namespace, which connects to the ports of the kubelet, kube-proxy, the control plane and etcd of its node",
    proved_by: "none takes a connection, and the node refuses or takes one at some port",
    refuted_by: "one takes a connection",
    not_fooled_by: "a node that is not on the way at all: where it is silent at every port, nothing is concluded; a network that is dead altogether; a policy of another namespace: the pod is in one that has none",
    positive_control: "the pod ends well, its handshakes with the API server succeed before and after, and the node is heard",
    consent: Consent::Canary,
    side_effect: pods::SIDE_EFFECT,
    rights: pods::RIGHTS,
    plan: plan_pod,
};

fn plan_pod(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let subject = Subject::cluster("pods of a new namespace");
    let Some(room) = pods::Room::of(ground, "ports") else {
        return pods::Room::missing(subject);
    };
    let Some(port) = pods::kubelet_port(ground) else {
        let why = "the kubelets listen at different ports, and which node the pod gets is not known before";
        return vec![Attempt::cannot(subject, why, "`seaworthy prove --in-pod` on each node")];
    };
    let port = port.to_string();
    vec![pods::one(&room, subject, "network/control-plane-reach", &["--kubelet-port", &port], |_| {})]
}

/// Ports that answer on nodes and the control plane: etcd, the kubelet with and without authentication, the controller
/// manager and the scheduler. The API server (6443) is left out: who may use it is for roles to say.
const PORTS: [u16; 6] = [2379, 2380, 10250, 10255, 10257, 10259];

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    zones::each(around, judge)
}

/// Files do not say which addresses nodes have: what holds for every address holds for theirs.
fn judge<'a>(scope: &ZoneScope<'_, 'a>) -> Verdict<'a> {
    let subjects = scope.subjects();
    if subjects.is_empty() {
        return scope.without_workloads();
    }
    let mut possibly = false;
    // What most pods reach.
    let mut worst: Option<(Reaching<'_, '_, 'a>, Endpoint<'_, 'a>, Port)> = None;
    let mut open: Vec<u16> = Vec::new();
    let to = PORTS.map(|number| Family::ALL.map(|family| (Endpoint::SomeAddress(family), Port::tcp(number))));
    let to = to.as_flattened();
    for (&(end, port), reaching) in to.iter().zip(reach::outside(scope, &subjects, to)) {
        possibly |= !reaching.possibly.is_empty();
        if reaching.surely.is_empty() {
            continue;
        }
        if open.last() != Some(&port.number) {
            open.push(port.number);
        }
        if worst.as_ref().is_none_or(|(most, ..)| most.surely.len() < reaching.surely.len()) {
            worst = Some((reaching, end, port));
        }
    }
    if worst.is_none() && !possibly {
        return Verdict::Pass;
    }
    if let Some(verdict) = scope.undecided(Direction::Egress) {
        return verdict;
    }
    match (worst, scope.place()) {
        (Some((reaching, end, port)), Some(place)) => {
            let ports: Vec<String> = open.iter().map(u16::to_string).collect();
            let message = format!(
                "{} ({}) may connect to every node on the ports of kubelet, etcd and control plane ({}): {}{}",
                zones::some_of(reaching.surely.len(), subjects.len()),
                reaching.names(),
                ports.join(", "),
                reaching.ground(scope, end, port),
                scope.beyond()
            );
            Verdict::fail(default_deny::graded(scope, Fault::new(place, message)))
        }
        _ => Verdict::unknown(
            "policies allow egress to some addresses, and the files do not say whether those of nodes are among them",
            "the addresses of the nodes, or a probe from a pod",
        ),
    }
}
