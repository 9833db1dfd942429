//! Traps of NetworkPolicy: what the API accepts and nobody means.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Write;

use seaworthy_document::Value;
use seaworthy_evidence::{Evidence, Place};
use seaworthy_reachability::{Cidr, Direction, Family, Peer, Pod, Policy, Ports, Rule, Selector, Truth};

use crate::control::Severity;
use crate::network::zones::ZoneScope;
use crate::verdict::Fault;

/// How many pairs of a selector and a pod are looked at in one namespace: beyond it nothing is said about what
/// selectors match.
const MANY: usize = 2_000_000;

/// What stands around a policy.
pub(super) struct Around<'e, 'a> {
    /// The pods of its namespace.
    pods: Vec<&'e Pod<'a>>,
    /// How many pairs of a selector and a pod may still be looked at.
    left: Cell<usize>,
    /// Whether the cluster has addresses of both families.
    dual_stack: bool,
    /// Whether pods may be made here that no file shows.
    made: bool,
    /// Whether all pods that there are were seen.
    complete: bool,
}

impl<'e, 'a> Around<'e, 'a> {
    pub(super) fn new(scope: &ZoneScope<'e, 'a>, dual_stack: bool, made: bool) -> Around<'e, 'a> {
        let zone = scope.zone;
        let pods = zone.pods.iter().map(|(_, id)| scope.world().pod(*id)).collect();
        // What a live cluster makes is there. Workloads are complete where pods are: their templates stand beside them.
        let complete = scope.around.has_all("", "Pod", zone.name);
        let made = (made || zone.doubtful) && !complete;
        Around { pods, left: Cell::new(MANY), dual_stack, made, complete }
    }

    /// The pods of the namespace, to be asked once more; `None` when there are none or they were asked too often.
    fn pods(&self) -> Option<&[&'e Pod<'a>]> {
        let left = self.left.get().checked_sub(self.pods.len()).filter(|_| !self.pods.is_empty())?;
        self.left.set(left);
        Some(&self.pods)
    }
}

/// The faults of a policy, and what is not known about it.
pub(super) fn of<'a>(policy: &Policy<'a>, around: &Around<'_, 'a>) -> (Vec<Fault<'a>>, Option<&'static str>) {
    let mut found = Found { faults: Vec::new(), open: None };
    if policy.is_open() {
        found.open =
            Some("a placeholder, or a value of a wrong type, stands where it decides what the policy does");
    }
    found.types(policy);
    found.subjects(policy, around);
    for direction in Direction::ALL {
        let rules = policy.rules(direction);
        found.dead_rules(rules, direction);
        for rule in rules {
            found.peers(rule, direction, around);
            found.families(rule, direction, around);
            found.named_ports(policy, rule, direction, around);
        }
    }
    if around.left.get() < around.pods.len() {
        found.open = Some("there are too many workloads and policies in one namespace to compare them all");
    }
    (found.faults, found.open)
}

struct Found<'a> {
    faults: Vec<Fault<'a>>,
    open: Option<&'static str>,
}

impl<'a> Found<'a> {
    fn add(&mut self, value: Value<'a>, message: impl Into<String>) {
        self.faults.push(Fault::new(Place::at(value), message.into()));
    }

    fn add_low(&mut self, value: Value<'a>, message: impl Into<String>) {
        self.faults.push(Fault::new(Place::at(value), message.into()).graded(Severity::Low));
    }

    /// Rules for a direction that is not among the types do nothing; and an empty `egress` is no type by itself.
    fn types(&mut self, policy: &Policy<'a>) {
        let Some(spec) = policy.value.get("spec") else { return };
        for direction in Direction::ALL {
            if policy.isolates(direction) != Truth::No {
                continue;
            }
            let name = direction.name();
            match spec.get_raw(name) {
                Some(list) if list.items().next().is_some() => self.add(
                    list,
                    format!(
                        "`{name}` has rules, but `{}` is not among `policyTypes`: they have no effect",
                        direction.policy_type()
                    ),
                ),
                // With types named, an empty list is only superfluous.
                Some(list) if spec.get("policyTypes").is_none() => self.add(
                    list,
                    format!(
                        "an empty `{name}` without `policyTypes` denies nothing: add `policyTypes: [Ingress, Egress]`"
                    ),
                ),
                _ => {}
            }
        }
    }

    fn subjects(&mut self, policy: &Policy<'a>, around: &Around<'_, 'a>) {
        let selector = &policy.subjects;
        if around.pods.is_empty() && around.complete && !selector.is_everything() {
            let place = selector.value().unwrap_or(policy.value);
            self.add_low(place, "`podSelector` matches no pod: there is none in this namespace".to_owned());
            return;
        }
        if around.pods.is_empty() && !selector.is_everything() {
            self.open = Some(
                "no workload of this namespace is among the files, so that nothing shows what is selected",
            );
        }
        let Some(pods) = around.pods() else { return };
        let place = selector.value().unwrap_or(policy.value);
        let selected: Vec<Truth> = pods.iter().map(|pod| selector.selects(pod.labels())).collect();
        if selected.iter().all(|truth| *truth == Truth::No) {
            self.matches_none(place, "`podSelector` matches none of", pods.len(), around, false);
            return;
        }
        let on_node = pods.iter().zip(&selected).filter(|(_, truth)| truth.possibly());
        // What else bears the labels of such a workload is not known, but unlikely to be meant.
        let all = on_node.clone().all(|(pod, _)| pod.host_network() == Truth::Yes);
        if all && on_node.clone().any(|(_, truth)| truth.surely()) {
            let count = on_node.count();
            let who = if count == 1 {
                "one workload, which is".to_owned()
            } else {
                format!("{count} workloads, all")
            };
            self.add(
                place,
                format!(
                    "selects {who} on the network of the node (`hostNetwork: true`), where no policy holds"
                ),
            );
        }
    }

    fn matches_none(&mut self, at: Value<'a>, what: &str, count: usize, around: &Around<'_, 'a>, low: bool) {
        if around.made {
            self.open =
                Some("a selector matches no workload among the files, but others may be made in the cluster");
            return;
        }
        let workloads = if count == 1 { "workload" } else { "workloads" };
        let message = format!("{what} the {count} {workloads} here");
        if low { self.add_low(at, message) } else { self.add(at, message) }
    }

    /// Rules that change nothing.
    fn dead_rules(&mut self, rules: &[Rule<'a>], direction: Direction) {
        if rules.len() < 2 {
            return;
        }
        if let Some(all) = rules.iter().position(Rule::is_everything) {
            if let Some(dead) = rules.iter().enumerate().find(|(index, _)| *index != all) {
                let message = format!(
                    "{} rule {} allows everything, so that no other rule has an effect",
                    direction.name(),
                    all + 1
                );
                self.add_low(dead.1.value, message);
            }
            return;
        }
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (number, rule) in (1..).zip(rules) {
            match seen.entry(written(rule.value)) {
                std::collections::hash_map::Entry::Occupied(first) => {
                    self.add_low(
                        rule.value,
                        format!("the same as {} rule {}", direction.name(), first.get()),
                    );
                }
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(number);
                }
            }
        }
    }

    fn peers(&mut self, rule: &Rule<'a>, direction: Direction, around: &Around<'_, 'a>) {
        let Some(list) = rule.value.get(direction.peers_field()) else { return };
        let items: Vec<(Value<'a>, &Peer<'a>)> = list.items().zip(&rule.peers).collect();
        for (value, peer) in &items {
            if matches!(peer, Peer::Unknown) {
                let message = match value.entries().next() {
                    None => "a peer without any field: the API server refuses it".to_owned(),
                    Some(_) => {
                        "a peer that the API server refuses: `ipBlock` with a CIDR, or selectors".to_owned()
                    }
                };
                self.add(*value, message);
            }
        }
        for (index, (value, peer)) in items.iter().enumerate() {
            let Peer::Pods { namespaces: None, pods: Some(selector) } = peer else { continue };
            if selector.is_everything() {
                continue;
            }
            if selector.is_open() {
                self.open = Some("a placeholder stands where a rule says who is meant");
                continue;
            }
            let before = index.checked_sub(1).and_then(|index| items.get(index)).map(|(_, peer)| *peer);
            let beside = [before, items.get(index + 1).map(|(_, peer)| *peer)];
            let split = beside.into_iter().flatten().any(is_namespaces_only);
            match matching(selector, around) {
                Some(0) if split && !around.made => self.add(
                    *value,
                    "a peer of its own, so it means pods of this namespace, and matches none: for these pods in the \
                     selected namespaces put `podSelector` and `namespaceSelector` into one item",
                ),
                Some(0) => {
                    let count = around.pods.len();
                    self.matches_none(*value, "`podSelector` matches none of", count, around, true);
                }
                None if split => self.add_low(
                    *value,
                    "a peer of its own: all pods of the selected namespaces are meant, and these pods of this namespace; \
                     if only these pods of those namespaces are meant, put both selectors into one item",
                ),
                _ => {}
            }
        }
    }

    /// All addresses of one family, where the cluster has both.
    fn families(&mut self, rule: &Rule<'a>, direction: Direction, around: &Around<'_, 'a>) {
        if !around.dual_stack || rule.is_from_everybody() {
            return;
        }
        let whole = |family| rule.peers.iter().find(|peer| peer.is_every_address(family));
        let (missing, there) = match Family::ALL.map(|family| whole(family).is_some()) {
            [true, false] => ("::/0", "0.0.0.0/0"),
            [false, true] => ("0.0.0.0/0", "::/0"),
            _ => return,
        };
        let place = rule.value.get(direction.peers_field()).unwrap_or(rule.value);
        self.add_low(
            place,
            format!("`{there}` without `{missing}`: the cluster has addresses of both families, the other one stays denied"),
        );
    }

    /// Names of ports that no destination knows.
    fn named_ports(
        &mut self,
        policy: &Policy<'a>,
        rule: &Rule<'a>,
        direction: Direction,
        around: &Around<'_, 'a>,
    ) {
        let list = rule.value.get("ports");
        for (value, ports) in list.iter().flat_map(Value::items).zip(&rule.ports) {
            let Ports::Named(protocol, name) = ports else { continue };
            let Some(pods) = around.pods() else { return };
            let destinations: Vec<&&Pod<'a>> = match direction {
                Direction::Ingress => pods.iter().filter(|pod| policy.selects(pod).possibly()).collect(),
                Direction::Egress => {
                    let Some(own) = own_pods(rule) else { return };
                    let meant = |pod: &&&Pod<'a>| {
                        own.iter().any(|selector| selector.selects(pod.labels()).possibly())
                    };
                    pods.iter().filter(meant).collect()
                }
            };
            let named = |pod: &Pod<'a>| pod.names(*protocol, name).possibly();
            if destinations.is_empty() || destinations.iter().any(|pod| named(pod)) {
                continue;
            }
            if around.made {
                self.open = Some(
                    "a port is named that no workload among the files has, but others may be made in the cluster",
                );
                continue;
            }
            let protocol = protocol.map_or("", |protocol| protocol.name());
            self.add(value, format!("no container among the destinations has a {protocol} port named `{name}`: it allows nothing"));
        }
    }
}

/// What a value says, so that two that say the same, in the same order, are equal.
fn written(value: Value<'_>) -> String {
    let mut text = String::new();
    for part in value.descendants() {
        let key = part.key().map_or("", |key| key.text());
        // Numbers of entries keep levels apart.
        let _ =
            write!(text, "{key:?} {} {} {:?},", part.entries().count(), part.items().count(), part.text());
    }
    text
}

/// How many pods of the namespace a selector matches or may match; `None` when none is among the files.
fn matching(selector: &Selector<'_>, around: &Around<'_, '_>) -> Option<usize> {
    let pods = around.pods()?;
    Some(pods.iter().filter(|pod| selector.selects(pod.labels()).possibly()).count())
}

/// Whether a peer means all pods of some namespaces, but not of all.
fn is_namespaces_only(peer: &Peer<'_>) -> bool {
    matches!(peer, Peer::Pods { namespaces: Some(_), pods: None })
}

/// The selectors of a rule, when it means pods of its own namespace only.
fn own_pods<'r, 'a>(rule: &'r Rule<'a>) -> Option<Vec<&'r Selector<'a>>> {
    let selectors = rule.peers.iter().map(|peer| match peer {
        Peer::Pods { namespaces: None, pods: Some(selector) } => Some(selector),
        _ => None,
    });
    selectors.collect::<Option<Vec<_>>>().filter(|selectors| !selectors.is_empty())
}

/// Whether the files show that the cluster has addresses of both families: a Service asks for both, or policies name
/// blocks of IPv6.
pub(super) fn is_dual_stack(evidence: &Evidence<'_>) -> bool {
    let services = evidence.of_kind("Service").filter(|service| service.is("", "Service"));
    let by_service = services.filter_map(|service| service.value.get("spec")).any(|spec| {
        let policy = spec.get("ipFamilyPolicy").map_or("", |policy| policy.text());
        policy == "RequireDualStack" || spec.get("ipFamilies").is_some_and(|list| list.items().count() > 1)
    });
    let is_v6 = |cidr: Option<Cidr>| cidr.is_some_and(|cidr| cidr.family() == Family::V6);
    let world = &evidence.network().world;
    let mut rules = world.policies().flat_map(|id| {
        Direction::ALL.into_iter().flat_map(move |direction| world.policy(id).rules(direction))
    });
    by_service
        || rules.any(|rule| {
            rule.peers
                .iter()
                .any(|peer| matches!(peer, Peer::Blocks(blocks) if blocks.iter().any(|it| is_v6(it.cidr()))))
        })
}
