//! The other end of a connection, and what rules say about it.

use std::net::IpAddr;

use seaworthy_document::Value;

use crate::address::{Block, Family};
use crate::pod::{Namespace, Pod};
use crate::selector::Selector;
use crate::truth::Truth;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub enum Endpoint<'w, 'a> {
    /// A pod.
    Pod(&'w Pod<'a>, &'w Namespace<'a>),
    /// An address outside of the pods' network.
    Address(IpAddr),
    /// An address of which only the family is known, such as a node's: what holds for it holds for every one.
    SomeAddress(Family),
}

impl<'w, 'a> Endpoint<'w, 'a> {
    pub(crate) fn pod(self) -> Option<&'w Pod<'a>> {
        match self {
            Endpoint::Pod(pod, _) => Some(pod),
            _ => None,
        }
    }
}

/// One entry of `from` or `to`.
#[derive(Clone, Debug)]
pub enum Peer<'a> {
    /// Pods by their namespaces, by their labels, or by both.
    Pods {
        /// Namespaces; without it, the namespace of the policy is meant.
        namespaces: Option<Selector<'a>>,
        /// Pods in them; without it, all are meant.
        pods: Option<Selector<'a>>,
    },
    /// Addresses, any of these.
    Blocks(Vec<Block>),
    /// The addresses of nodes (cluster policies only).
    Nodes,
    /// Names of hosts outside (cluster policies only).
    Domains,
    /// Nothing that is known here: without any field, or with one of a later version.
    Unknown,
}

impl<'a> Peer<'a> {
    /// Reads a peer of a NetworkPolicy. One that the API server would refuse is [`Peer::Unknown`].
    pub(crate) fn read(value: Value<'a>) -> Peer<'a> {
        let block = value.get("ipBlock");
        let namespaces = value.get("namespaceSelector").map(Selector::read);
        let pods = value.get("podSelector").map(Selector::read);
        match (block, namespaces, pods) {
            (Some(block), None, None) => match Block::read(block) {
                Some(block) => Peer::Blocks(vec![block]),
                None => Peer::Unknown,
            },
            (None, None, None) | (Some(_), _, _) => Peer::Unknown,
            (None, namespaces, pods) => Peer::Pods { namespaces, pods },
        }
    }

    /// Whether it means all pods of the cluster.
    pub fn is_every_pod(&self) -> bool {
        let everything =
            |selector: &Option<Selector<'a>>| selector.as_ref().is_none_or(Selector::is_everything);
        matches!(self, Peer::Pods { namespaces: Some(all), pods } if all.is_everything() && everything(pods))
    }

    /// Whether it means all addresses of a family.
    pub fn is_every_address(&self, family: Family) -> bool {
        matches!(self, Peer::Blocks(blocks) if blocks.iter().any(|block| block.is_whole(family)))
    }

    /// Whether it means an endpoint, in a policy of namespace `own`. `pod_blocks` says whether blocks mean pods by
    /// their addresses.
    pub(crate) fn means(&self, own: &Namespace<'a>, endpoint: Endpoint<'_, 'a>, pod_blocks: Truth) -> Truth {
        match (self, endpoint) {
            (Peer::Pods { namespaces, pods }, Endpoint::Pod(pod, namespace)) => {
                let in_namespace = match namespaces {
                    Some(selector) => selector.selects(&namespace.labels),
                    None => own.is(namespace),
                };
                let labels = |selector: &Selector<'a>| selector.selects(pod.labels());
                let selected = in_namespace.and(pods.as_ref().map_or(Truth::Yes, labels));
                selected.and(pod.host_network().negated())
            }
            (Peer::Blocks(blocks), Endpoint::Pod(pod, _)) => match pod.host_network() {
                Truth::No => hold_pod(blocks, pod).and(pod_blocks),
                _ => Truth::any(Family::ALL.into_iter().map(|family| hold_some(blocks, family)))
                    .min(Truth::Maybe),
            },
            (Peer::Blocks(blocks), Endpoint::Address(address)) => {
                Truth::any(blocks.iter().map(|block| block.holds(address)))
            }
            (Peer::Blocks(blocks), Endpoint::SomeAddress(family)) => hold_some(blocks, family),
            (Peer::Nodes, Endpoint::Pod(pod, _)) => pod.host_network().min(Truth::Maybe),
            (Peer::Domains, Endpoint::Pod(..)) | (Peer::Pods { .. }, _) | (Peer::Unknown, _) => Truth::No,
            (Peer::Nodes | Peer::Domains, _) => Truth::Maybe,
        }
    }
}

fn hold_some(blocks: &[Block], family: Family) -> Truth {
    Truth::any(blocks.iter().map(|block| block.holds_some(family)))
}

/// Whether blocks hold a pod; of a template the addresses are not known.
fn hold_pod(blocks: &[Block], pod: &Pod<'_>) -> Truth {
    match pod.addresses() {
        [] if Family::ALL.iter().all(|family| blocks.iter().any(|block| block.is_whole(*family))) => {
            Truth::Yes
        }
        [] if blocks.is_empty() => Truth::No,
        [] => Truth::Maybe,
        addresses => {
            let held = |address: &IpAddr| Truth::any(blocks.iter().map(|block| block.holds(*address)));
            let any = Truth::any(addresses.iter().map(held));
            // With two addresses it depends on the one that is used.
            if Truth::all(addresses.iter().map(held)).surely() { Truth::Yes } else { any.min(Truth::Maybe) }
        }
    }
}
