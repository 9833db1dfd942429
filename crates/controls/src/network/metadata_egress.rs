//! `network/metadata-egress`; prose and cases in `metadata_egress.md`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use seaworthy_probe::{Attempt, Consent, Subject};
use seaworthy_reachability::{Direction, Endpoint, Port, Protocol};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::network::zones::{self, ZoneScope};
use crate::network::{default_deny, reach};
use crate::probe::{Ground, Probe, pods};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "network/metadata-egress",
    title: "Pods cannot reach the cloud metadata API",
    phase: Phase::NextStep,
    step: 11,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Runtime],
    change: &change::DEFAULT_DENY,
    page: include_str!("metadata_egress.md"),
    mappings: Mappings {
        nsa: &["metadata"],
        attack: &["MS-TA9033", "MS-TA9028", "T1552.005"],
        kubescape: &["C-0052"],
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
    asks: "the caller starts a pod in a new namespace, which asks 169.254.169.254 as AWS, Google, Azure and Oracle want to be asked",
    proved_by: "nothing takes a connection there, where nodes name a cloud that has the service",
    refuted_by: "one of them is answered with 200, or with 401: who asks for credentials is reached",
    not_fooled_by: "a place without such a service: where no node names its cloud, silence proves nothing; a 403, which may be that of the service or of something in between",
    positive_control: "the pod ends well, and its handshakes with the API server succeed before and after",
    consent: Consent::Canary,
    side_effect: pods::SIDE_EFFECT,
    rights: pods::RIGHTS,
    plan: plan_pod,
};

fn plan_pod(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let subject = Subject::cluster("pods of a new namespace");
    let Some(room) = pods::Room::of(ground, "metadata") else {
        return pods::Room::missing(subject);
    };
    let cloud = pods::cloud(ground);
    let arguments: Vec<&str> = cloud.iter().flat_map(|cloud| ["--cloud", *cloud]).collect();
    vec![pods::one(&room, subject, "network/metadata-egress", &arguments, |_| {})]
}

/// Where clouds answer workloads about themselves (AWS, Azure, Google Cloud, OpenStack, Oracle), and where AWS does so by
/// IPv6.
const METADATA: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

const PORT: Port = Port { protocol: Protocol::Tcp, number: 80 };

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    zones::each(around, judge)
}

fn judge<'a>(scope: &ZoneScope<'_, 'a>) -> Verdict<'a> {
    let subjects = scope.subjects();
    if subjects.is_empty() {
        return scope.without_workloads();
    }
    let to = METADATA.map(|address| (Endpoint::Address(address), PORT));
    let answers = reach::outside(scope, &subjects, &to);
    let [v4, v6] = answers.as_slice() else { return Verdict::NotApplicable };
    if answers.iter().all(|answer| answer.surely.is_empty() && answer.possibly.is_empty()) {
        return Verdict::Pass;
    }
    if let Some(verdict) = scope.undecided(Direction::Egress) {
        return verdict;
    }
    let Some(place) = scope.place() else { return Verdict::NotApplicable };
    let total = subjects.len();
    if !v4.surely.is_empty() {
        let message = format!(
            "{} ({}) may reach the metadata address 169.254.169.254: {}{}",
            zones::some_of(v4.surely.len(), total),
            v4.names(),
            v4.ground(scope, Endpoint::Address(METADATA[0]), PORT),
            scope.beyond()
        );
        return Verdict::fail(default_deny::graded(scope, Fault::new(place, message)));
    }
    if v4.possibly.is_empty() && !v6.surely.is_empty() {
        let message = format!(
            "169.254.169.254 is closed, but {} ({}) may reach fd00:ec2::254, the same by IPv6 on AWS: {}",
            zones::some_of(v6.surely.len(), total),
            v6.names(),
            v6.ground(scope, Endpoint::Address(METADATA[1]), PORT)
        );
        return Verdict::fail(Fault::new(place, message).graded(Severity::Low));
    }
    Verdict::unknown(
        "whether policies let these workloads reach the metadata address depends on what the files leave open",
        "the rendered output of the tool that fills in the placeholders",
    )
}
