//! Paths of escalation: from whoever holds rights, over accounts that they come to, to cluster-admin or to a node.
//!
//! A holder has an edge for each right, or combination of rights, that leads somewhere; places such as "the accounts of a
//! namespace" stand between, so that there are no more edges than bindings, pods and tokens. One search backwards from
//! the two goals gives everybody's shortest path. What is not known to be there, gives no edge.

use rustc_hash::{FxHashMap, FxHashSet};
use seaworthy_document::Value;

use crate::edges::{Held, SYSTEM};
use crate::grant::Place;
use crate::graph::{Graph, Identity};
use crate::holder::Holder;
use crate::policy::Policy;
use crate::powers::{OfRoles, Powers};

/// Steps of a path that are told: a chain may lead through all namespaces.
pub const MOST_STEPS: usize = 32;

/// Where a path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Goal {
    /// Every right in the cluster.
    ClusterAdmin,
    /// Root on a node.
    NodeRoot,
}

/// What stands in the cluster apart from roles and bindings.
#[derive(Debug, Default)]
pub struct Terrain<'a> {
    /// Namespaces that admit privileged pods.
    pub open: FxHashSet<&'a str>,
    /// Pods.
    pub pods: Vec<Running<'a>>,
    /// Namespace and account of tokens that are stored in Secrets.
    pub tokens: Vec<(&'a str, &'a str)>,
}

/// A pod, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Running<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its account, when a token of it is in the pod.
    pub account: Option<&'a str>,
    /// Whether root in it is root on the node.
    pub on_node: bool,
}

/// How one comes from one point of a path to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How<'a> {
    /// By all of these rights at a place.
    By(Powers, Place<'a>),
    /// By being it.
    As(Holder<'a>),
    /// By what is the same.
    There,
    /// As a controller of Kubernetes, whose account is there.
    AsController,
    /// By a privileged pod, which is admitted there.
    ByPrivilegedPod,
    /// By a pod that has the node, which runs there.
    ByPodOnNode,
}

/// The shortest path of somebody.
#[derive(Debug)]
pub struct Path<'a> {
    /// Who.
    pub holder: Holder<'a>,
    /// The binding of the first right, as its number among the sources.
    pub source: u32,
    /// The subject of that binding that names the holder.
    pub subject: Value<'a>,
    /// The steps, [`MOST_STEPS`] at most; the first is by rights of the holder.
    pub steps: Vec<How<'a>>,
    /// Where it ends.
    pub goal: Goal,
}

/// The shortest path of everybody who has one, in the order of the bindings. Bindings that give every right in the
/// cluster or in `kube-system` outright begin no path, and whom Kubernetes itself gives rights has none:
/// `system:masters`, nodes, controllers.
pub fn paths<'a>(policy: &Policy<'a>, terrain: &Terrain<'a>) -> Vec<Path<'a>> {
    let mut powers = OfRoles::new(policy);
    let mut order: Vec<Identity<'a>> = Vec::new();
    let mut held: FxHashMap<Identity<'a>, Held<'a>> = FxHashMap::default();
    for binding in policy.bindings().iter().filter(|binding| !binding.descent.is_built_in()) {
        let Some(role) = policy.role_bound(binding) else { continue };
        let given = powers.of(role.number);
        if given.is_empty() {
            continue;
        }
        let holders = binding.subjects().filter_map(|subject| Holder::of(subject, binding.namespace));
        for identity in holders.map(|holder| identity(holder, binding.file)) {
            let held = held.entry(identity).or_insert_with(|| {
                order.push(identity);
                Held::default()
            });
            match binding.place() {
                place if is_outright(given, place) => {
                    // The cluster is the smaller of the two, and gives more.
                    held.full = Some(held.full.map_or(place, |known| known.min(place)));
                }
                Place::Cluster => held.cluster = held.cluster.and(given),
                Place::Namespace(name) => held.namespaces.push((name, given.in_namespace())),
            }
        }
    }
    let mut graph = Graph::default();
    for identity in &order {
        if let Some(held) = held.get_mut(identity) {
            graph.add_rights(*identity, held);
            graph.add_groups(*identity);
        }
    }
    graph.add_terrain(terrain, order.iter().copied());
    let next = graph.search();

    let ordinary = order.into_iter().filter(|identity| is_ordinary(identity.0));
    let found = ordinary.filter_map(|identity| {
        let (steps, goal) = graph.follow(identity, &next)?;
        // Whoever has a path as a member of a group is reported with the group.
        let How::By(needed, place) = *steps.first()? else { return None };
        let (source, subject) = first_binding(policy, &mut powers, identity, needed, place)?;
        Some(Path { holder: identity.0, source, subject, steps, goal })
    });
    found.collect()
}

fn identity(holder: Holder<'_>, file: u32) -> Identity<'_> {
    let open = matches!(holder, Holder::ServiceAccount { namespace: None, .. });
    (holder, open.then_some(file))
}

/// Whether a binding gives everything at once.
fn is_outright(given: Powers, place: Place<'_>) -> bool {
    given.has(Powers::FULL) && matches!(place, Place::Cluster | Place::Namespace(Some(SYSTEM)))
}

/// Whether people or pods are behind it.
fn is_ordinary(holder: Holder<'_>) -> bool {
    match holder {
        Holder::ServiceAccount { .. } => true,
        Holder::User(name) => !name.starts_with("system:") || name == "system:anonymous",
        Holder::Group(name) => {
            !name.starts_with("system:")
                || matches!(name, "system:authenticated" | "system:unauthenticated")
                || name.starts_with("system:serviceaccounts")
        }
    }
}

/// The binding that gives the first of some rights at a place, with the subject.
fn first_binding<'a>(
    policy: &Policy<'a>,
    powers: &mut OfRoles<'_, 'a>,
    identity: Identity<'a>,
    needed: Powers,
    place: Place<'a>,
) -> Option<(u32, Value<'a>)> {
    let mut bindings = policy.bindings_of(&identity.0).filter(|(binding, _)| {
        !binding.descent.is_built_in()
            && identity.1.is_none_or(|file| file == binding.file)
            && (binding.cluster_wide || binding.place() == place)
    });
    let (binding, subject) = bindings.find(|(binding, _)| {
        policy.role_bound(binding).is_some_and(|role| {
            let given = powers.of(role.number);
            given.has_any(needed) && !is_outright(given, binding.place())
        })
    })?;
    Some((binding.source, subject))
}
