//! Policies of the whole cluster: ClusterNetworkPolicy of `policy.networking.k8s.io/v1alpha2`, and AdminNetworkPolicy
//! and BaselineAdminNetworkPolicy of `v1alpha1` before it (`sigs.k8s.io/network-policy-api`).

use seaworthy_document::Value;

use crate::address::Block;
use crate::labels::is_placeholder;
use crate::peer::Peer;
use crate::pod::{Namespace, Pod};
use crate::policy::{Connection, Direction};
use crate::port::{Ports, Protocol, number};
use crate::selector::Selector;
use crate::truth::Truth;

/// The API group of cluster policies.
pub const GROUP: &str = "policy.networking.k8s.io";

/// When a cluster policy is asked: before the NetworkPolicies of the namespace, or after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Before.
    Admin,
    /// After.
    Baseline,
}

/// What a rule does with what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Allows it, and nothing further is asked.
    Accept,
    /// Denies it, and nothing further is asked.
    Deny,
    /// Leaves it to the next tier.
    Pass,
}

/// The most rules of one direction that are read. The API allows 25 (100 in `v1alpha1`).
const MAX_RULES: usize = 100;

/// A cluster policy.
#[derive(Clone, Debug)]
pub struct ClusterPolicy<'a> {
    /// The object.
    pub value: Value<'a>,
    /// When it is asked; `None` when that cannot be read.
    pub tier: Option<Tier>,
    /// Its place in the tier, low first; `None` when that cannot be read.
    pub priority: Option<u16>,
    subject: Subject<'a>,
    ingress: Vec<ClusterRule<'a>>,
    egress: Vec<ClusterRule<'a>>,
    /// Whether something in it could not be read, apart from peers.
    open: bool,
}

#[derive(Clone, Debug)]
enum Subject<'a> {
    Pods { namespaces: Selector<'a>, pods: Selector<'a> },
    Unknown,
}

/// A rule of a cluster policy.
#[derive(Clone, Debug)]
pub struct ClusterRule<'a> {
    /// Where it stands.
    pub value: Value<'a>,
    /// What it does; `None` when that cannot be read.
    pub action: Option<Action>,
    /// Who.
    pub peers: Vec<Peer<'a>>,
    /// Where to; all traffic when `None`.
    ports: Option<Vec<Ports<'a>>>,
}

impl<'a> ClusterPolicy<'a> {
    /// Reads a cluster policy, by its kind. `None` for a kind that is none.
    pub fn read(kind: &str, value: Value<'a>) -> Option<ClusterPolicy<'a>> {
        let spec = value.get("spec").unwrap_or(value);
        let text = |key| spec.get(key).and_then(|value: Value<'a>| value.as_str());
        let tier = match kind {
            "ClusterNetworkPolicy" => match text("tier") {
                Some("Admin") => Some(Tier::Admin),
                Some("Baseline") => Some(Tier::Baseline),
                _ => None,
            },
            "AdminNetworkPolicy" => Some(Tier::Admin),
            "BaselineAdminNetworkPolicy" => Some(Tier::Baseline),
            _ => return None,
        };
        // There is one baseline policy in v1alpha1, so it needs none.
        let priority = match (kind, spec.get("priority")) {
            ("BaselineAdminNetworkPolicy", _) => Some(0),
            (_, None) => Some(0),
            (_, Some(value)) => {
                value.as_i64().and_then(|number| u16::try_from(number).ok()).filter(|number| *number <= 1000)
            }
        };
        let side = |direction: Direction| -> Vec<ClusterRule<'a>> {
            let list = spec.get(direction.name());
            let items = list.iter().flat_map(Value::items).take(MAX_RULES);
            items.map(|rule| ClusterRule::read(rule, direction)).collect()
        };
        let unreadable = |direction: Direction| {
            let list = spec.get(direction.name());
            list.is_some_and(|list| !list.is_sequence() || list.items().nth(MAX_RULES).is_some())
        };
        Some(ClusterPolicy {
            value,
            tier,
            priority,
            subject: Subject::read(spec.get("subject")),
            ingress: side(Direction::Ingress),
            egress: side(Direction::Egress),
            open: !spec.is_mapping() || Direction::ALL.into_iter().any(unreadable),
        })
    }

    /// Whether it cannot be told what it does: it is not known when it is asked, or what its rules are.
    pub fn is_open(&self) -> bool {
        self.open || self.tier.is_none() || self.priority.is_none()
    }

    /// Its rules for a direction, in order.
    pub fn rules(&self, direction: Direction) -> &[ClusterRule<'a>] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// Whether a pod is one of its subjects. Pods on the network of their node never are.
    pub fn selects(&self, pod: &Pod<'a>, namespace: &Namespace<'a>) -> Truth {
        match &self.subject {
            Subject::Pods { namespaces, pods } => namespaces
                .selects(&namespace.labels)
                .and(pods.selects(pod.labels()))
                .and(pod.host_network().negated()),
            Subject::Unknown => pod.host_network().negated().min(Truth::Maybe),
        }
    }
}

impl<'a> Subject<'a> {
    fn read(value: Option<Value<'a>>) -> Subject<'a> {
        let Some(value) = value else { return Subject::Unknown };
        match pods(value) {
            Some((namespaces, pods)) => Subject::Pods { namespaces, pods },
            None => Subject::Unknown,
        }
    }
}

/// The two selectors of a subject or peer that means pods. Here an empty selector selects all, as does a missing one.
fn pods<'a>(value: Value<'a>) -> Option<(Selector<'a>, Selector<'a>)> {
    let selector = |value: Option<Value<'a>>| value.map_or_else(Selector::everything, Selector::read);
    match (value.get("namespaces"), value.get("pods")) {
        (Some(namespaces), None) => Some((Selector::read(namespaces), Selector::everything())),
        (None, Some(pods)) if pods.is_mapping() => {
            Some((selector(pods.get("namespaceSelector")), selector(pods.get("podSelector"))))
        }
        _ => None,
    }
}

impl<'a> ClusterRule<'a> {
    fn read(value: Value<'a>, direction: Direction) -> ClusterRule<'a> {
        let action = match value.get("action").and_then(|action| action.as_str()) {
            Some("Accept" | "Allow") => Some(Action::Accept),
            Some("Deny") => Some(Action::Deny),
            Some("Pass") => Some(Action::Pass),
            _ => None,
        };
        let peers = value.get(direction.peers_field());
        let protocols = value.get("protocols").or_else(|| value.get("ports"));
        ClusterRule {
            value,
            action,
            peers: peers.iter().flat_map(Value::items).map(peer).collect(),
            ports: protocols.map(|list| list.items().map(ports).collect()),
        }
    }

    /// Whether it matches a connection. A peer of a kind that is not known fails closed: a rule that accepts then matches
    /// nothing, any other all (the API text of `ClusterNetworkPolicyEgressPeer`).
    pub fn matches(&self, connection: &Connection<'_, 'a>) -> Truth {
        let ports = self.ports.as_ref().map_or(Truth::Yes, |ports| {
            Truth::any(ports.iter().map(|ports| ports.hold(connection.port, connection.destination)))
        });
        let unknown = self.peers.is_empty() || self.peers.iter().any(|peer| matches!(peer, Peer::Unknown));
        if unknown {
            return match self.action {
                Some(Action::Accept) => Truth::No,
                Some(_) => Truth::Yes,
                None => Truth::Maybe,
            };
        }
        // Peers here always name their namespaces; blocks mean pods as well.
        let own = Namespace::unknown();
        let peers = Truth::any(self.peers.iter().map(|peer| peer.means(&own, connection.peer, Truth::Yes)));
        ports.and(peers)
    }
}

/// A peer; one without a field or with one that is not known is [`Peer::Unknown`].
fn peer<'a>(value: Value<'a>) -> Peer<'a> {
    if let Some((namespaces, pods)) = pods(value) {
        return Peer::Pods { namespaces: Some(namespaces), pods: Some(pods) };
    }
    if let Some(networks) = value.get("networks").filter(Value::is_sequence) {
        let blocks: Option<Vec<Block>> = networks.items().map(Block::network).collect();
        return blocks.map_or(Peer::Unknown, Peer::Blocks);
    }
    if value.get("nodes").is_some() {
        return Peer::Nodes;
    }
    if value.get("domainNames").is_some() {
        return Peer::Domains;
    }
    Peer::Unknown
}

/// An entry of `protocols` (`v1alpha2`) or `ports` (`v1alpha1`).
fn ports<'a>(value: Value<'a>) -> Ports<'a> {
    for (field, protocol) in [("tcp", Protocol::Tcp), ("udp", Protocol::Udp), ("sctp", Protocol::Sctp)] {
        if let Some(of_protocol) = value.get(field) {
            let Some(port) = of_protocol.get("destinationPort") else { return Ports::All(protocol) };
            return match (port.get("number"), port.get("range")) {
                (Some(one), None) => range(Some(protocol), number(one), number(one)),
                (None, Some(both)) => range_of(Some(protocol), both),
                _ => Ports::Open,
            };
        }
    }
    for field in ["destinationNamedPort", "namedPort"] {
        if let Some(name) =
            value.get(field).and_then(|name| name.as_str()).filter(|name| !is_placeholder(name))
        {
            return Ports::named(None, name, None);
        }
    }
    if let Some(one) = value.get("portNumber") {
        let port = one.get("port").and_then(number);
        return range(Protocol::of(one), port, port);
    }
    value.get("portRange").map_or(Ports::Open, |both| range_of(Protocol::of(both), both))
}

fn range_of<'a>(protocol: Option<Protocol>, value: Value<'a>) -> Ports<'a> {
    range(protocol, value.get("start").and_then(number), value.get("end").and_then(number))
}

fn range<'a>(protocol: Option<Protocol>, first: Option<u16>, last: Option<u16>) -> Ports<'a> {
    match (protocol, first, last) {
        (Some(protocol), Some(first), Some(last)) if first <= last => Ports::Range(protocol, first, last),
        _ => Ports::Open,
    }
}
