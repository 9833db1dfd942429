//! Denial by default, in one direction.

use std::collections::HashSet;

use seaworthy_reachability::{
    Direction, Endpoint, Family, Namespace, Pod, PolicyId, Port, Protocol, Rule, Truth,
};

use crate::control::Severity;
use crate::network::zones::{self, Subject, ZoneScope};
use crate::verdict::{Fault, Verdict};

/// What policies do to a pod in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A policy of its namespace denies what nothing allows.
    Closed,
    /// A policy of the cluster does.
    ClosedByCluster,
    /// A policy is about it and allows everything.
    Opened,
    /// No policy is about it.
    Bare,
    /// It is not known.
    Unclear,
}

/// Judges a zone.
pub(super) fn check<'a>(scope: &ZoneScope<'_, 'a>, direction: Direction) -> Verdict<'a> {
    let world = scope.world();
    let opening: HashSet<PolicyId> = scope
        .zone
        .policies
        .iter()
        .map(|(_, id)| *id)
        .filter(|id| world.policy(*id).rules(direction).iter().any(|rule| opens(rule, direction)))
        .collect();
    let subjects = scope.subjects();
    if scope.is_denied_by_foreign(direction) {
        return Verdict::Pass;
    }
    // A policy about all pods that does not open what it closes.
    let whole: Vec<PolicyId> = scope
        .zone
        .policies
        .iter()
        .map(|(_, id)| *id)
        .filter(|id| {
            let policy = world.policy(*id);
            policy.subjects.is_everything() && policy.isolates(direction) == Truth::Yes
        })
        .collect();
    if !whole.is_empty() && whole.iter().all(|id| !opening.contains(id)) {
        return if direction == Direction::Egress { names_resolve(scope, &subjects) } else { Verdict::Pass };
    }
    if subjects.is_empty() {
        return scope.without_workloads();
    }
    let states: Vec<State> =
        subjects.iter().map(|subject| state(scope, subject, direction, &opening)).collect();
    let of =
        |state: State| subjects.iter().zip(&states).filter(move |(_, it)| **it == state).map(|(it, _)| it);
    let count = |state: State| of(state).count();
    let (bare, opened, unclear) = (count(State::Bare), count(State::Opened), count(State::Unclear));
    if bare + opened + unclear == 0 && count(State::ClosedByCluster) > 0 {
        return Verdict::Pass;
    }
    if let Some(verdict) = scope.undecided(direction) {
        return verdict;
    }
    if bare + opened == 0 && unclear > 0 {
        return Verdict::unknown(
            "whether policies deny depends on what the files leave open: placeholders, or values that the API server refuses",
            "the policies and workloads with their final values",
        );
    }
    let Some(place) = scope.place() else { return Verdict::NotApplicable };
    if bare + opened == 0 {
        let message = format!(
            "each workload has a policy of its own, but a pod without one would {}: no policy with \
             `podSelector: {{}}` denies {} by default",
            match direction {
                Direction::Ingress => "accept everything",
                Direction::Egress => "send anywhere",
            },
            direction.name()
        );
        return Verdict::fail(Fault::new(place, message).graded(Severity::Low));
    }
    let owners = |state: State| zones::names(of(state).map(|subject| subject.owner));
    let (of, effect) = match direction {
        Direction::Ingress => ("ingress to", "any pod of the cluster may connect"),
        Direction::Egress => ("egress of", "anything may be sent anywhere"),
    };
    let mut message = match (bare, opened) {
        (_, 0) => {
            let who = zones::some_of(bare, subjects.len());
            format!("no NetworkPolicy denies {of} {who} ({}): {effect}", owners(State::Bare))
        }
        (0, _) => {
            let who = zones::some_of(opened, subjects.len());
            format!("policies deny {of} {who} ({}) and allow all of it again", owners(State::Opened))
        }
        _ => format!(
            "no NetworkPolicy denies {of} {} ({}), and policies allow all of it for {opened} more ({})",
            zones::some_of(bare, subjects.len()),
            owners(State::Bare),
            owners(State::Opened)
        ),
    };
    message.push_str(&scope.beyond());
    let fault = Fault::new(place, message);
    // One that serves everybody on purpose does not open the others.
    let fault = if bare == 0 && opened < subjects.len() { fault.graded(Severity::Medium) } else { fault };
    Verdict::fail(graded(scope, fault))
}

/// What is expected of a namespace of the platform, and of one that the files do not describe, is less certain.
pub(super) fn graded<'a>(scope: &ZoneScope<'_, 'a>, fault: Fault<'a>) -> Fault<'a> {
    let why = if scope.is_system() {
        "; lowered in a namespace of the platform, where what components need must be known first"
    } else if scope.zone.object.is_none() && scope.zone.policies.is_empty() && !scope.has_all_policies() {
        "; lowered since the files do not describe the namespace, which may have policies of its own"
    } else {
        return fault;
    };
    let message = format!("{}{why}", fault.message);
    Fault { message: message.into(), ..fault }.graded(Severity::Medium)
}

/// Whether a rule takes back what its policy denies: to or from everywhere, on every port.
fn opens(rule: &Rule<'_>, direction: Direction) -> bool {
    let everywhere = rule.is_from_everybody()
        || rule.peers.iter().any(|peer| match direction {
            Direction::Ingress => peer.is_every_pod(),
            Direction::Egress => peer.is_every_address(Family::V4),
        });
    everywhere && rule.is_for_every_port()
}

fn state(
    scope: &ZoneScope<'_, '_>,
    subject: &Subject<'_, '_>,
    direction: Direction,
    opening: &HashSet<PolicyId>,
) -> State {
    let world = scope.world();
    let Ok(policies) = world.policies_on(subject.id) else { return State::Unclear };
    let mut isolated = Truth::No;
    for (id, selects) in policies {
        let isolates = selects.and(world.policy(id).isolates(direction));
        if isolates.surely() && opening.contains(&id) {
            return State::Opened;
        }
        isolated = isolated.or(isolates);
    }
    match isolated {
        Truth::Yes => State::Closed,
        Truth::Maybe => State::Unclear,
        Truth::No if world.cluster_policies().is_empty() => State::Bare,
        Truth::No => {
            // A port that nothing is allowed on for a reason.
            let port = Port::tcp(u16::MAX);
            let (any_pod, any_namespace) = (Pod::unknown(), Namespace::unknown());
            let pod = Endpoint::Pod(&any_pod, &any_namespace);
            let allows = |peer| world.side_allows(subject.id, direction, peer, port);
            let allowed = match direction {
                Direction::Ingress => allows(pod),
                Direction::Egress => allows(pod).or(allows(Endpoint::SomeAddress(Family::V4))),
            };
            match allowed {
                Truth::No => State::ClosedByCluster,
                Truth::Maybe => State::Unclear,
                Truth::Yes => State::Bare,
            }
        }
    }
}

/// Egress is denied by default: those that may send anything at all will ask for names first.
fn names_resolve<'a>(scope: &ZoneScope<'_, 'a>, subjects: &[Subject<'_, 'a>]) -> Verdict<'a> {
    let world = scope.world();
    if !world.cluster_policies().is_empty() {
        return Verdict::Pass;
    }
    let asks_names = |id: PolicyId| {
        let own = world.namespace_of_policy(id);
        world.policy(id).rules(Direction::Egress).iter().any(|rule| may_ask_names(rule, own))
    };
    let asking: HashSet<PolicyId> =
        scope.zone.policies.iter().map(|(_, id)| *id).filter(|id| asks_names(*id)).collect();
    let mute = subjects.iter().filter(|subject| {
        let Ok(policies) = world.policies_on(subject.id) else { return false };
        let sends = policies
            .iter()
            .any(|(id, selects)| selects.surely() && !world.policy(*id).rules(Direction::Egress).is_empty());
        sends && !policies.iter().any(|(id, _)| asking.contains(id))
    });
    let mute: Vec<_> = mute.collect();
    let (Some(place), false) = (scope.place(), mute.is_empty()) else { return Verdict::Pass };
    let message = format!(
        "egress is denied by default, but {} ({}) may send and not ask for names: no rule allows UDP 53 to the DNS \
         of the cluster",
        zones::some_of(mute.len(), subjects.len()),
        zones::names(mute.iter().map(|subject| subject.owner))
    );
    Verdict::fail(Fault::new(place, message).graded(Severity::Low))
}

/// Whether a rule may lead to the DNS of the cluster: pods in its namespace on port 53 (5353 on OpenShift, where policies
/// see the port of the pod), or the address of a resolver on the node.
fn may_ask_names<'a>(rule: &Rule<'a>, own: &Namespace<'a>) -> bool {
    let port = |number| Port { protocol: Protocol::Udp, number };
    let pod = Pod::unknown();
    let holds = |number| rule.holds(port(number), Some(&pod)).possibly();
    if !(holds(53) || holds(5353)) {
        return false;
    }
    let namespaces = ["kube-system", "openshift-dns"].map(Namespace::elsewhere);
    let mut ends = namespaces
        .iter()
        .map(|namespace| Endpoint::Pod(&pod, namespace))
        .chain([Endpoint::SomeAddress(Family::V4), Endpoint::SomeAddress(Family::V6)]);
    ends.any(|end| rule.means(own, end, Truth::Maybe).possibly())
}
