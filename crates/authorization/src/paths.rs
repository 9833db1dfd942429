//! Paths of escalation: from whoever holds rights, over accounts that they come to, to cluster-admin or to a node.
//!
//! A holder has an edge for each right, or combination of rights, that leads somewhere; places such as "the accounts of a
//! namespace" stand between, so that there are no more edges than bindings, pods and tokens. One search backwards from
//! the two goals gives everybody's shortest path. What is not known to be there, gives no edge.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::grant::Place;
use crate::holder::Holder;
use crate::policy::Policy;
use crate::powers::{OfRoles, Powers};

/// Where the accounts of the control plane are: those of its controllers may do what leads to everything.
const SYSTEM: &str = "kube-system";

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
    /// The steps, [`MOST_STEPS`] at most; the first is by rights of the holder.
    pub steps: Vec<How<'a>>,
    /// Where it ends.
    pub goal: Goal,
}

/// Somebody; accounts whose namespace the files leave open are told apart by file.
type Identity<'a> = (Holder<'a>, Option<u32>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Point<'a> {
    Goal(Goal),
    Is(Identity<'a>),
    /// Being any account of a namespace.
    Accounts(&'a str),
    /// Starting pods in a namespace.
    Pods(&'a str),
    /// Commands in the pods of a namespace.
    Commands(&'a str),
    /// The tokens that are stored in a namespace, or in all.
    Tokens(Option<&'a str>),
}

/// What rights in the whole cluster lead to.
static OF_CLUSTER: &[(Powers, Point<'static>)] = &[
    (Powers::FULL, Point::Goal(Goal::ClusterAdmin)),
    (Powers::ESCALATE_CLUSTER_ROLES.and(Powers::CHANGE_CLUSTER_ROLES), Point::Goal(Goal::ClusterAdmin)),
    (Powers::BIND.and(Powers::WRITE_CLUSTER_BINDINGS), Point::Goal(Goal::ClusterAdmin)),
    (Powers::IMPERSONATE_USERS, Point::Goal(Goal::ClusterAdmin)),
    (Powers::REQUEST.and(Powers::APPROVE).and(Powers::APPROVE_CLIENTS), Point::Goal(Goal::ClusterAdmin)),
    (Powers::KUBELET, Point::Goal(Goal::NodeRoot)),
    (Powers::EXEC, Point::Goal(Goal::NodeRoot)),
    (Powers::MUTATE, Point::Goal(Goal::NodeRoot)),
    (Powers::MINT, Point::Accounts(SYSTEM)),
    (Powers::IMPERSONATE_ACCOUNTS, Point::Accounts(SYSTEM)),
    (Powers::CREATE_SECRETS.and(Powers::READ_SECRETS), Point::Accounts(SYSTEM)),
    (Powers::BIND.and(Powers::WRITE_BINDINGS), Point::Pods(SYSTEM)),
    (Powers::ESCALATE_ROLES.and(Powers::CHANGE_ROLES), Point::Pods(SYSTEM)),
    (Powers::RUN_PODS, Point::Pods(SYSTEM)),
    (Powers::READ_SECRETS, Point::Tokens(None)),
];

/// What rights in one namespace lead to.
fn of_namespace<'a>(namespace: &'a str) -> [(Powers, Point<'a>); 10] {
    [
        (Powers::RUN_PODS.and(Powers::CREATE_VOLUMES).and(Powers::CLAIM), Point::Goal(Goal::NodeRoot)),
        (Powers::RUN_PODS.and(Powers::CHANGE_NAMESPACES), Point::Goal(Goal::NodeRoot)),
        (Powers::MINT, Point::Accounts(namespace)),
        (Powers::IMPERSONATE_ACCOUNTS, Point::Accounts(namespace)),
        (Powers::CREATE_SECRETS.and(Powers::READ_SECRETS), Point::Accounts(namespace)),
        (Powers::RUN_PODS, Point::Pods(namespace)),
        (Powers::BIND.and(Powers::WRITE_BINDINGS), Point::Pods(namespace)),
        (Powers::ESCALATE_ROLES.and(Powers::CHANGE_ROLES), Point::Pods(namespace)),
        (Powers::EXEC, Point::Commands(namespace)),
        (Powers::READ_SECRETS, Point::Tokens(Some(namespace))),
    ]
}

/// What somebody holds.
#[derive(Default)]
struct Held<'a> {
    cluster: Powers,
    namespaces: Vec<(Option<&'a str>, Powers)>,
}

/// The shortest path of everybody who has one, in the order of the bindings. Left out are who has every right in the
/// cluster or in `kube-system` outright, and whom Kubernetes itself gives rights: `system:masters`, nodes, controllers.
pub fn paths<'a>(policy: &Policy<'a>, terrain: &Terrain<'a>) -> Vec<Path<'a>> {
    let mut powers = OfRoles::new(policy);
    let mut order: Vec<Identity<'a>> = Vec::new();
    let mut held: FxHashMap<Identity<'a>, Held<'a>> = FxHashMap::default();
    for binding in policy.bindings().iter().filter(|binding| !binding.standing.is_built_in()) {
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

    let ordinary = order.into_iter().filter(|identity| {
        is_ordinary(identity.0)
            && held.get(identity).is_some_and(|held| {
                let system = held.namespaces.iter().filter(|(name, _)| *name == Some(SYSTEM));
                !held.cluster.has(Powers::FULL) && !system.into_iter().any(|(_, own)| own.has(Powers::FULL))
            })
    });
    let found = ordinary.filter_map(|identity| {
        let (steps, goal) = graph.follow(identity, &next)?;
        // Whoever has a path as a member of a group is reported with the group.
        let How::By(needed, place) = *steps.first()? else { return None };
        let source = first_binding(policy, &mut powers, identity, needed, place)?;
        Some(Path { holder: identity.0, source, steps, goal })
    });
    found.collect()
}

fn identity(holder: Holder<'_>, file: u32) -> Identity<'_> {
    let open = matches!(holder, Holder::ServiceAccount { namespace: None, .. });
    (holder, open.then_some(file))
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

/// The binding that gives the first of some rights at a place.
fn first_binding<'a>(
    policy: &Policy<'a>,
    powers: &mut OfRoles<'_, 'a>,
    identity: Identity<'a>,
    needed: Powers,
    place: Place<'a>,
) -> Option<u32> {
    let mut bindings = policy.bindings_of(&identity.0).filter(|(binding, _)| {
        !binding.standing.is_built_in()
            && identity.1.is_none_or(|file| file == binding.file)
            && (binding.cluster_wide || binding.place() == place)
    });
    let (binding, _) = bindings.find(|(binding, _)| {
        policy.role_bound(binding).is_some_and(|role| powers.of(role.number).has_any(needed))
    })?;
    Some(binding.source)
}

struct Edge<'a> {
    from: u32,
    to: u32,
    /// Whether it counts: being somebody or somewhere already does not.
    step: bool,
    how: How<'a>,
}

#[derive(Default)]
struct Graph<'a> {
    points: Vec<Point<'a>>,
    numbers: FxHashMap<Point<'a>, u32>,
    edges: Vec<Edge<'a>>,
}

impl<'a> Graph<'a> {
    fn number(&mut self, point: Point<'a>) -> u32 {
        *self.numbers.entry(point).or_insert_with(|| {
            self.points.push(point);
            self.points.len() as u32 - 1
        })
    }

    fn add(&mut self, from: Point<'a>, to: Point<'a>, step: bool, how: How<'a>) {
        let (from, to) = (self.number(from), self.number(to));
        self.edges.push(Edge { from, to, step, how });
    }

    fn add_rights(&mut self, identity: Identity<'a>, held: &mut Held<'a>) {
        let from = Point::Is(identity);
        for &(needed, to) in OF_CLUSTER.iter().filter(|(needed, _)| held.cluster.has(*needed)) {
            self.add(from, to, true, How::By(needed, Place::Cluster));
        }
        held.namespaces.sort_by_key(|(name, _)| *name);
        let runs = held.namespaces.chunk_by(|(left, _), (right, _)| left == right);
        for run in runs {
            let own = run.iter().fold(Powers::NONE, |powers, (_, own)| powers.and(*own));
            let Some((name, _)) = run.first() else { continue };
            let all = own.and(held.cluster);
            // In a namespace that is left open nobody is known.
            let Some(name) = *name else {
                let leads = |(needed, to): &(Powers, Point<'_>)| {
                    matches!(to, Point::Goal(_)) && all.has(*needed) && !held.cluster.has(*needed)
                };
                for (needed, to) in of_namespace("").into_iter().filter(leads) {
                    self.add(from, to, true, How::By(needed, Place::Namespace(None)));
                }
                continue;
            };
            for (needed, to) in of_namespace(name) {
                if all.has(needed) && !held.cluster.has(needed) {
                    self.add(from, to, true, How::By(needed, Place::Namespace(Some(name))));
                }
            }
        }
    }

    /// The groups that authentication puts somebody in.
    fn add_groups(&mut self, identity: Identity<'a>) {
        let from = Point::Is(identity);
        let mut group = |name: &'a str| {
            let group = Holder::Group(name);
            self.add(from, Point::Is((group, None)), false, How::As(group));
        };
        match identity.0 {
            Holder::ServiceAccount { .. } => {
                group("system:serviceaccounts");
                group("system:authenticated");
            }
            Holder::User("system:anonymous") => group("system:unauthenticated"),
            Holder::User(_) => group("system:authenticated"),
            Holder::Group(name) => {
                if name.starts_with("system:serviceaccounts:") {
                    group("system:serviceaccounts");
                }
                if !matches!(name, "system:authenticated" | "system:unauthenticated") {
                    group("system:authenticated");
                }
            }
        }
    }

    fn add_terrain(&mut self, terrain: &Terrain<'a>, identities: impl Iterator<Item = Identity<'a>>) {
        let system = Goal::ClusterAdmin;
        self.add(Point::Accounts(SYSTEM), Point::Goal(system), true, How::AsController);
        self.add(Point::Commands(SYSTEM), Point::Goal(Goal::NodeRoot), true, How::ByPodOnNode);
        self.add(Point::Pods(SYSTEM), Point::Accounts(SYSTEM), false, How::There);
        let mut groups: FxHashMap<&'a str, Holder<'a>> = FxHashMap::default();
        let mut accounts = Vec::new();
        for (holder, _) in identities {
            match holder {
                Holder::ServiceAccount { namespace: Some(namespace), .. } => {
                    accounts.push((namespace, holder))
                }
                Holder::Group(name) => {
                    if let Some(namespace) = name.strip_prefix("system:serviceaccounts:") {
                        groups.insert(namespace, holder);
                    }
                }
                _ => {}
            }
        }
        for (namespace, holder) in accounts {
            let being = Point::Is((holder, None));
            self.add(Point::Accounts(namespace), being, true, How::As(holder));
            self.add(Point::Pods(namespace), Point::Accounts(namespace), false, How::There);
            if let Some(&group) = groups.get(namespace) {
                self.add(being, Point::Is((group, None)), false, How::As(group));
            }
        }
        for &namespace in &terrain.open {
            self.add(Point::Pods(namespace), Point::Goal(Goal::NodeRoot), true, How::ByPrivilegedPod);
        }
        for pod in &terrain.pods {
            let here = Point::Commands(pod.namespace);
            if pod.on_node {
                self.add(here, Point::Goal(Goal::NodeRoot), true, How::ByPodOnNode);
            }
            if let Some(name) = pod.account {
                let holder = Holder::ServiceAccount { namespace: Some(pod.namespace), name };
                self.add(here, Point::Is((holder, None)), true, How::As(holder));
            }
        }
        for &(namespace, name) in &terrain.tokens {
            let holder = Holder::ServiceAccount { namespace: Some(namespace), name };
            let here = Point::Tokens(Some(namespace));
            self.add(here, Point::Is((holder, None)), true, How::As(holder));
            self.add(Point::Tokens(None), here, false, How::There);
        }
    }

    /// For each point the edge by which its shortest path goes on, and where that ends, searched backwards from the
    /// goals.
    fn search(&self) -> Vec<Option<(u32, Goal)>> {
        let mut into: Vec<Vec<u32>> = Vec::new();
        into.resize_with(self.points.len(), Vec::new);
        for (number, edge) in (0..).zip(&self.edges) {
            into.get_mut(edge.to as usize).into_iter().for_each(|list| list.push(number));
        }
        let mut next = vec![None; self.points.len()];
        let mut lengths = vec![u32::MAX; self.points.len()];
        let mut waiting = VecDeque::new();
        for goal in [Goal::ClusterAdmin, Goal::NodeRoot] {
            if let Some(&number) = self.numbers.get(&Point::Goal(goal)) {
                lengths[number as usize] = 0;
                waiting.push_back((0, number, goal));
            }
        }
        while let Some((length, point, goal)) = waiting.pop_front() {
            if lengths.get(point as usize).is_none_or(|known| *known < length) {
                continue;
            }
            for &number in into.get(point as usize).into_iter().flatten() {
                let Some(edge) = self.edges.get(number as usize) else { continue };
                let (from, length) = (edge.from as usize, length.saturating_add(u32::from(edge.step)));
                if lengths.get(from).is_some_and(|known| length < *known) {
                    lengths[from] = length;
                    next[from] = Some((number, goal));
                    if edge.step {
                        waiting.push_back((length, edge.from, goal));
                    } else {
                        waiting.push_front((length, edge.from, goal));
                    }
                }
            }
        }
        next
    }

    /// The path of somebody.
    fn follow(&self, identity: Identity<'a>, next: &[Option<(u32, Goal)>]) -> Option<(Vec<How<'a>>, Goal)> {
        let mut at = *self.numbers.get(&Point::Is(identity))?;
        let (_, goal) = (*next.get(at as usize)?)?;
        let mut steps = Vec::new();
        while steps.len() < MOST_STEPS
            && let Some((edge, _)) = next.get(at as usize).copied().flatten()
            && let Some(edge) = self.edges.get(edge as usize)
        {
            steps.push(edge.how);
            at = edge.to;
        }
        Some((steps, goal))
    }
}
