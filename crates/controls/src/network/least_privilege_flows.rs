//! `network/least-privilege-flows`; prose and cases in `least_privilege_flows.md`.

use seaworthy_evidence::Place;
use seaworthy_reachability::{Direction, Family, Policy, Rule, Truth};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "network/least-privilege-flows",
    title: "Allowed flows match the flows in use",
    phase: Phase::NextStep,
    step: 11,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Runtime],
    change: &change::NETWORK_POLICIES,
    page: include_str!("least_privilege_flows.md"),
    mappings: Mappings {
        cis: &["5.3.2"],
        nsa: &["netpol"],
        attack: &["MS-TA9034", "T1046", "T1210"],
        kubescape: &["C-0260"],
        trivy: &["KSV-0038"],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: NETWORK_POLICY, check },
    guard: None,
    probes: &[],
};

const NETWORK_POLICY: &[(&str, &str)] = &[("networking.k8s.io", "NetworkPolicy")];

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let policy = Policy::read(scope.object.value);
    let mut faults = Vec::new();
    for direction in Direction::ALL {
        if policy.isolates(direction) != Truth::No {
            let rules = policy.rules(direction).iter();
            faults.extend(rules.filter_map(|rule| fault(rule, direction)));
        }
    }
    if !faults.is_empty() {
        return Verdict::Fail(faults);
    }
    let has_rules =
        |direction| policy.isolates(direction) != Truth::No && !policy.rules(direction).is_empty();
    if !policy.is_open() && !Direction::ALL.into_iter().any(has_rules) {
        return Verdict::Pass;
    }
    Verdict::unknown(
        "its rules name peers or ports, and which flows are in use is not recorded here",
        "flows recorded over two weeks, by the network plugin or the runtime sensor",
    )
}

/// What a rule allows beyond what anybody can need.
fn fault<'a>(rule: &Rule<'a>, direction: Direction) -> Option<Fault<'a>> {
    let every_port = rule.is_for_every_port();
    let (side, field) = match direction {
        Direction::Ingress => ("in", "from"),
        Direction::Egress => ("out", "to"),
    };
    let place = Place::at(rule.value);
    if rule.is_from_everybody() {
        return Some(if every_port {
            Fault::new(
                place,
                format!("allows everything {side}: the policy denies no {} at all", direction.name()),
            )
        } else {
            let message = format!(
                "no `{field}`: the ports are open {}",
                match direction {
                    Direction::Ingress => "to everybody, inside and outside of the cluster",
                    Direction::Egress => "towards everybody, inside and outside of the cluster",
                }
            );
            Fault::new(place, message).graded(Severity::Low)
        });
    }
    let wide = rule.peers.iter().find_map(|peer| {
        if peer.is_every_pod() {
            return Some("all pods of all namespaces");
        }
        match Family::ALL.map(|family| peer.is_every_address(family)) {
            [true, true] => Some("all addresses"),
            [true, false] => Some("all IPv4 addresses (`0.0.0.0/0`)"),
            [false, true] => Some("all IPv6 addresses (`::/0`)"),
            [false, false] => None,
        }
    })?;
    let fault = |message: String| Fault::new(place, message);
    Some(match every_port {
        true => fault(format!("`{field}` means {wide}, on every port")),
        false => fault(format!("`{field}` means {wide}, on the ports named")).graded(Severity::Low),
    })
}
