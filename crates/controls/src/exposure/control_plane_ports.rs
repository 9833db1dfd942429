//! `exposure/control-plane-ports`; prose and cases in `control_plane_ports.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Object;
use seaworthy_probe::{
    Answers, Attempt, Consent, Identity, Outcome, Reply, Request, SideEffect, Step, Subject, expect,
};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::openings::{Openings, Reach};
use crate::probe::{Ground, NodePlace, Probe, Right, ports};
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

const OUTSIDE: Probe = Probe {
    name: "outside",
    asks: "With `--from-outside`, which says that this machine is outside, nobody connects to these ports of each node",
    proved_by: "none takes a connection, and one refuses: the node is heard from here",
    refuted_by: "one takes a connection",
    not_fooled_by: "a node to which no way leads from here, as one with a private address: silence everywhere decides nothing; a \
                    machine inside of the network of the cluster, which only a person can tell",
    positive_control: "the caller GETs `/version` of the API server and is answered: the network of this machine lives",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/version")],
    plan: plan_outside,
};

/// Most nodes that are tried.
const MOST: usize = 50;

/// Names of steps, in the order of the ports.
const STEPS: [&str; PORTS.len()] = [
    "etcd",
    "etcd-peer",
    "kube-proxy-metrics",
    "kubelet",
    "kubelet-read-only",
    "kube-proxy-health",
    "controller-manager",
    "scheduler",
];

fn plan_outside(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let all = Subject::cluster("nodes");
    if !ground.given.from_outside {
        let reason = "that ports are reached from here, or not, says nothing of other places";
        return vec![Attempt::cannot(all, reason, "`--from-outside` on a machine outside")];
    }
    let nodes = ground.nodes();
    let mut attempts: Vec<Attempt> = nodes.iter().take(MOST).map(of_node).collect();
    if nodes.is_empty() {
        let needs = "the right to list nodes, or `--node ADDRESS`";
        attempts.push(Attempt::cannot(all, "the address of no node is known", needs));
    } else if let Some(more @ 1..) = nodes.len().checked_sub(MOST) {
        let reason = format!("{MOST} nodes are tried, and {more} more are not");
        attempts.push(Attempt::cannot(Subject::cluster("other nodes"), reason, "fewer nodes by `--node`"));
    }
    attempts
}

fn of_node(place: &NodePlace) -> Attempt {
    if ports::is_loopback(&place.kubelet.host) {
        return ports::on_loopback(place.subject(), "--node");
    }
    let mut steps = vec![Step::control("caller", Request::get("/version").by(Identity::Caller), expect::ok)];
    for (step, (port, _)) in STEPS.into_iter().zip(PORTS) {
        let endpoint = match (step, u16::try_from(*port)) {
            // It may listen elsewhere, as its Node object says.
            ("kubelet", _) | (_, Err(_)) => place.kubelet.clone(),
            (_, Ok(port)) => place.port(port),
        };
        steps.push(Step::ask(step, ports::connect(&endpoint)));
    }
    Attempt::new(place.subject(), steps, judge_node)
}

fn judge_node(answers: &Answers) -> Outcome {
    let (mut open, mut refused) = (Vec::new(), None);
    for (step, (_, what)) in STEPS.into_iter().zip(PORTS) {
        match answers.reply(step) {
            Some(Reply::Connected) => open.push((step, *what)),
            Some(Reply::Refused(_)) => refused = Some(step),
            Some(Reply::Silent(_)) => {}
            _ => return answers.inconclusive(step),
        }
    }
    match (open.as_slice(), refused) {
        ([(step, _), ..], _) => {
            let names: Vec<&str> = open.iter().map(|(_, what)| *what).collect();
            Outcome::refuted(step, format!("within reach from outside: {}", names.join("; ")))
        }
        ([], Some(step)) => Outcome::proved(step, "none of these ports takes a connection from here, and the node is heard"),
        ([], None) => Outcome::inconclusive(
            "kubelet",
            "the node is silent at all of these ports: it may be closed to this machine, or no way leads to this address",
        )
        .needs("`--node` with an address of the node that the Internet knows"),
    }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Verdict};

    use super::*;

    #[test]
    fn a_node_that_is_heard_and_takes_nothing_is_closed() {
        let judged = |replies: [Reply; PORTS.len()]| {
            let answers = STEPS
                .into_iter()
                .zip(replies)
                .map(|(step, reply)| (step, Answer { at: String::new(), took: Duration::ZERO, reply }));
            judge_node(&Answers(answers.collect())).verdict
        };
        let (silent, refused) =
            (Reply::Silent("nothing within 5 s".to_owned()), Reply::Refused("a reset".to_owned()));
        let of = |first: &Reply| {
            let mut replies = [(); PORTS.len()].map(|()| silent.clone());
            replies[0] = first.clone();
            judged(replies)
        };
        assert_eq!(of(&refused), Verdict::Proved);
        assert_eq!(of(&silent), Verdict::Inconclusive, "no way may lead there");
        assert_eq!(of(&Reply::Connected), Verdict::Refuted);
        assert_eq!(of(&Reply::NotAsked("the budget is spent".to_owned())), Verdict::Inconclusive);
        let mut mixed = [(); PORTS.len()].map(|()| refused.clone());
        mixed[3] = Reply::Connected;
        assert_eq!(judged(mixed), Verdict::Refuted);
    }
}
