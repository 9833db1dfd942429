//! NetworkPolicy of `networking.k8s.io/v1`.

use seaworthy_document::Value;

use crate::peer::{Endpoint, Peer};
use crate::pod::{Namespace, Pod};
use crate::port::{Port, Ports};
use crate::selector::Selector;
use crate::truth::Truth;

/// The side of a connection that a policy judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Connections that come in, judged at their destination.
    Ingress,
    /// Connections that go out, judged at their source.
    Egress,
}

impl Direction {
    /// Both.
    pub const ALL: [Direction; 2] = [Direction::Ingress, Direction::Egress];

    /// The word in policies and for people: `ingress`.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        }
    }

    /// As it stands in `policyTypes`.
    pub fn policy_type(self) -> &'static str {
        match self {
            Direction::Ingress => "Ingress",
            Direction::Egress => "Egress",
        }
    }

    /// The field of a rule that lists its peers.
    pub fn peers_field(self) -> &'static str {
        match self {
            Direction::Ingress => "from",
            Direction::Egress => "to",
        }
    }
}

/// A NetworkPolicy.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    /// The object.
    pub value: Value<'a>,
    /// The pods of its namespace that it is about.
    pub subjects: Selector<'a>,
    ingress: Side<'a>,
    egress: Side<'a>,
}

/// What a policy says for one direction.
#[derive(Clone, Debug)]
struct Side<'a> {
    /// Whether the direction is among its types.
    isolates: Truth,
    rules: Vec<Rule<'a>>,
    /// Whether its list of rules could not be read.
    open: bool,
}

/// A rule: what it allows is what both its peers and its ports mean.
#[derive(Clone, Debug)]
pub struct Rule<'a> {
    /// Where it stands.
    pub value: Value<'a>,
    /// Who; nobody in particular, that is everybody, when there is none.
    pub peers: Vec<Peer<'a>>,
    /// Where to; every port of every protocol when there is none.
    pub ports: Vec<Ports<'a>>,
    /// Whether it could not be read.
    open: bool,
}

impl<'a> Policy<'a> {
    /// Reads a NetworkPolicy as the API server would: `policyTypes` that are missing are Ingress, and Egress as well
    /// when there are egress rules (`SetDefaults_NetworkPolicy`).
    pub fn read(value: Value<'a>) -> Policy<'a> {
        let spec = value.get("spec");
        let field = |name| spec.and_then(|spec| spec.get(name));
        // A spec that is no map says nothing at all.
        let open = spec.is_some_and(|spec| !spec.is_mapping());
        let subjects = match field("podSelector") {
            _ if open => Selector::read(spec.unwrap_or(value)),
            Some(selector) => Selector::read(selector),
            None => Selector::everything(),
        };
        let side = |direction: Direction| {
            let list = field(direction.name());
            let rules: Vec<Rule<'a>> =
                list.iter().flat_map(Value::items).map(|rule| Rule::read(rule, direction)).collect();
            let unreadable = open || list.is_some_and(|list| !list.is_sequence());
            let isolates = if open { Truth::Maybe } else { isolates(field("policyTypes"), direction, list) };
            Side { isolates, rules, open: unreadable }
        };
        Policy { value, subjects, ingress: side(Direction::Ingress), egress: side(Direction::Egress) }
    }

    /// The same, when it is not known whether the API server would take it: whether it isolates is then open.
    #[must_use]
    pub fn doubted(mut self) -> Policy<'a> {
        for side in [&mut self.ingress, &mut self.egress] {
            side.isolates = side.isolates.min(Truth::Maybe);
        }
        self
    }

    /// Whether it has a peer that the API server refuses, and with it the whole policy.
    pub fn has_refused_peer(&self) -> bool {
        let refused = |rule: &Rule<'a>| rule.peers.iter().any(|peer| matches!(peer, Peer::Unknown));
        [&self.ingress, &self.egress].into_iter().any(|side| side.rules.iter().any(refused))
    }

    fn side(&self, direction: Direction) -> &Side<'a> {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// Whether it denies, to the pods that it is about, what nothing allows in a direction.
    pub fn isolates(&self, direction: Direction) -> Truth {
        self.side(direction).isolates
    }

    /// Its rules for a direction.
    pub fn rules(&self, direction: Direction) -> &[Rule<'a>] {
        &self.side(direction).rules
    }

    /// Whether something in it could not be read, apart from peers: a placeholder, or what the API server would refuse.
    pub fn is_open(&self) -> bool {
        let open = |rule: &Rule<'a>| rule.open || rule.ports.contains(&Ports::Open);
        self.subjects.is_open()
            || [&self.ingress, &self.egress]
                .into_iter()
                .any(|side| side.open || side.isolates == Truth::Maybe || side.rules.iter().any(open))
    }

    /// Whether one of its rules allows a port of its subject (ingress) or of the peer (egress).
    pub fn allows(
        &self,
        direction: Direction,
        connection: &Connection<'_, 'a>,
        own: &Namespace<'a>,
        pod_blocks: Truth,
    ) -> Truth {
        let side = self.side(direction);
        let rules = side.rules.iter().map(|rule| rule.allows(connection, own, pod_blocks));
        Truth::any(rules).or(Truth::between(false, side.open))
    }

    /// Whether it selects a pod of its namespace. Pods on the network of their node are not selected.
    pub fn selects(&self, pod: &Pod<'a>) -> Truth {
        self.subjects.selects(pod.labels()).and(pod.host_network().negated())
    }
}

/// What is asked of a rule: the peer and the port, and the pod that the port is of, when it is a pod's.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'w, 'a> {
    /// The other end.
    pub peer: Endpoint<'w, 'a>,
    /// The port of the destination.
    pub port: Port,
    /// The destination, when it is a pod: it is the one that names ports.
    pub destination: Option<&'w Pod<'a>>,
}

impl<'a> Rule<'a> {
    fn read(value: Value<'a>, direction: Direction) -> Rule<'a> {
        let (peers, ports) = (value.get(direction.peers_field()), value.get("ports"));
        let no_list = |list: &Value<'a>| !list.is_sequence();
        Rule {
            value,
            peers: peers.iter().flat_map(Value::items).map(Peer::read).collect(),
            ports: ports.iter().flat_map(Value::items).map(Ports::read).collect(),
            open: !(value.is_mapping() || value.is_null())
                || peers.as_ref().is_some_and(no_list)
                || ports.as_ref().is_some_and(no_list),
        }
    }

    /// Whether it allows everybody.
    pub fn is_from_everybody(&self) -> bool {
        self.peers.is_empty() && !self.open
    }

    /// Whether it allows every port of every protocol.
    pub fn is_for_every_port(&self) -> bool {
        let all = |protocol| {
            self.ports.iter().any(|ports| match *ports {
                Ports::All(it) => it == protocol,
                Ports::Range(it, first, last) => it == protocol && first == 1 && last == u16::MAX,
                _ => false,
            })
        };
        !self.open && (self.ports.is_empty() || crate::port::Protocol::ALL.into_iter().all(all))
    }

    /// Whether it allows everything, so that the direction is as open as without any policy.
    pub fn is_everything(&self) -> bool {
        self.is_from_everybody() && self.is_for_every_port()
    }

    /// Whether its peers mean an endpoint.
    pub fn means(&self, own: &Namespace<'a>, endpoint: Endpoint<'_, 'a>, pod_blocks: Truth) -> Truth {
        if self.open {
            return Truth::Maybe;
        }
        if self.peers.is_empty() {
            return Truth::Yes;
        }
        Truth::any(self.peers.iter().map(|peer| peer.means(own, endpoint, pod_blocks)))
    }

    /// Whether its ports hold a port.
    pub fn holds(&self, port: Port, destination: Option<&Pod<'a>>) -> Truth {
        if self.open {
            return Truth::Maybe;
        }
        if self.ports.is_empty() {
            return Truth::Yes;
        }
        Truth::any(self.ports.iter().map(|ports| ports.hold(port, destination)))
    }

    /// Whether it allows a connection.
    pub fn allows(&self, connection: &Connection<'_, 'a>, own: &Namespace<'a>, pod_blocks: Truth) -> Truth {
        let ports = self.holds(connection.port, connection.destination);
        if ports == Truth::No { ports } else { ports.and(self.means(own, connection.peer, pod_blocks)) }
    }
}

/// Whether a direction is among the types of a policy.
fn isolates(types: Option<Value<'_>>, direction: Direction, rules: Option<Value<'_>>) -> Truth {
    let Some(types) = types else { return by_default(direction, rules) };
    if !types.is_sequence() {
        return Truth::Maybe;
    }
    if types.items().next().is_none() {
        return by_default(direction, rules);
    }
    let mut open = false;
    for item in types.items() {
        match item.as_str() {
            Some(text) if text == direction.policy_type() => return Truth::Yes,
            Some("Ingress" | "Egress") => {}
            _ => open = true,
        }
    }
    Truth::between(false, open)
}

fn by_default(direction: Direction, rules: Option<Value<'_>>) -> Truth {
    match (direction, rules) {
        (Direction::Ingress, _) => Truth::Yes,
        (Direction::Egress, None) => Truth::No,
        (Direction::Egress, Some(rules)) if rules.is_sequence() => {
            Truth::from(rules.items().next().is_some())
        }
        (Direction::Egress, Some(_)) => Truth::Maybe,
    }
}
