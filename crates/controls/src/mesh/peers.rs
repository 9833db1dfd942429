//! Istio's PeerAuthentications and how they merge: the root namespace, then the namespace, then the workload
//! (`pilot/pkg/model/authentication.go` and the API's documentation).

use seaworthy_document::Value;
use seaworthy_evidence::{Evidence, Object};

use crate::flags::is_placeholder;
use crate::nearby::{Locality, Nearby, Selectors};

/// The group of Istio's security kinds.
pub(super) const GROUP: &str = "security.istio.io";

/// Objects for one slot that are looked at.
const MANY: usize = 64;

/// What a PeerAuthentication says about plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing: what is above holds.
    Unset,
    Disable,
    Permissive,
    Strict,
    /// It is filled in later, or no mode.
    Open,
}

/// The mode of an `mtls` map.
pub(super) fn mode_of(mtls: Option<Value<'_>>) -> Mode {
    let Some(mode) = mtls.and_then(|mtls| mtls.get("mode")) else {
        return match mtls {
            Some(mtls) if !mtls.is_mapping() => Mode::Open,
            _ => Mode::Unset,
        };
    };
    match mode.text() {
        "UNSET" => Mode::Unset,
        "DISABLE" => Mode::Disable,
        "PERMISSIVE" => Mode::Permissive,
        "STRICT" => Mode::Strict,
        _ => Mode::Open,
    }
}

/// The labels that a policy of Istio selects by; `None` when it is for the whole namespace.
pub(super) fn selector<'a>(policy: &Object<'a>) -> Option<Value<'a>> {
    let labels = policy.value.at(&["spec", "selector", "matchLabels"])?;
    labels.entries().next().is_some().then_some(labels)
}

#[derive(Clone, Copy, Debug)]
struct Peer<'a> {
    mode: Mode,
    created: Option<&'a str>,
}

/// All PeerAuthentications.
pub(super) struct Peers<'a> {
    root: Vec<Peer<'a>>,
    namespaces: Nearby<'a, (), Peer<'a>>,
    workloads: Selectors<'a, Peer<'a>>,
}

impl<'a> Peers<'a> {
    pub(super) fn new(evidence: &Evidence<'a>, root_namespace: &str) -> Peers<'a> {
        let mut root = Vec::new();
        let mut namespaces = Nearby::default();
        let mut workloads = Vec::new();
        for object in evidence.of_kind("PeerAuthentication").filter(|object| object.group() == GROUP) {
            let created = object.value.at(&["metadata", "creationTimestamp"]).map(|time| time.text());
            let peer = Peer { mode: mode_of(object.value.at(&["spec", "mtls"])), created };
            let at = Locality::of(evidence, object);
            match (object.namespace == Some(root_namespace), selector(object)) {
                (true, None) => root.push(peer),
                // One with a selector in the root namespace takes no part.
                (true, Some(_)) => {}
                (false, None) => namespaces.insert(at, (), peer),
                (false, Some(labels)) => workloads.push((at, labels, peer)),
            }
        }
        root.truncate(MANY);
        Peers { root, namespaces, workloads: Selectors::new(workloads) }
    }

    /// The mode for a workload with these labels: `Unset` when no object sets one, so that Istio's default
    /// (PERMISSIVE) or an object that is not among the files decides; `Open` when the files do not tell.
    pub(super) fn mode(&self, at: Locality<'a>, labels: Option<Value<'a>>) -> Mode {
        let of_workload = self.workloads.of(at, labels);
        if !of_workload.complete {
            return Mode::Open;
        }
        let slots = [
            oldest(of_workload.found.into_iter().copied()),
            oldest(self.namespaces.find(at, ()).take(MANY).copied()),
            oldest(self.root.iter().copied()),
        ];
        slots.into_iter().find(|mode| *mode != Mode::Unset).unwrap_or(Mode::Unset)
    }
}

/// The mode of a slot: the oldest object wins it. Files seldom say how old an object is.
fn oldest<'a>(peers: impl Iterator<Item = Peer<'a>>) -> Mode {
    let peers: Vec<Peer<'a>> = peers.collect();
    let Some(first) = peers.first() else { return Mode::Unset };
    if peers.iter().all(|peer| peer.mode == first.mode) {
        return first.mode;
    }
    // Timestamps of the API server are UTC in one form, so that their texts compare.
    let known = peers.iter().all(|peer| peer.created.is_some_and(|time| !is_placeholder(time)));
    let oldest = peers.iter().min_by_key(|peer| peer.created);
    oldest.filter(|_| known).map_or(Mode::Open, |peer| peer.mode)
}
