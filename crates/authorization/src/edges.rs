//! Where rights lead: the edges of [`paths`](crate::paths).

use rustc_hash::FxHashMap;

use crate::grant::Place;
use crate::graph::{Graph, Identity, Point};
use crate::holder::Holder;
use crate::paths::{Goal, How, Terrain};
use crate::powers::Powers;

/// Where the accounts of the control plane are: those of its controllers may do what leads to everything.
pub(crate) const SYSTEM: &str = "kube-system";

/// What rights in the whole cluster lead to.
static OF_CLUSTER: &[(Powers, Point<'static>)] = &[
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
pub(crate) struct Held<'a> {
    /// Where every right is given outright: in the cluster or in `kube-system`.
    pub(crate) full: Option<Place<'a>>,
    pub(crate) cluster: Powers,
    pub(crate) namespaces: Vec<(Option<&'a str>, Powers)>,
}

impl<'a> Graph<'a> {
    pub(crate) fn add_rights(&mut self, identity: Identity<'a>, held: &mut Held<'a>) {
        let from = Point::Is(identity);
        self.add(Point::Became(identity), from, false, How::There);
        if let Some(place) = held.full {
            let to = match place {
                Place::Cluster => Point::Goal(Goal::ClusterAdmin),
                Place::Namespace(_) => Point::Pods(SYSTEM),
            };
            self.add(Point::Became(identity), to, true, How::By(Powers::FULL, place));
        }
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
    pub(crate) fn add_groups(&mut self, identity: Identity<'a>) {
        let from = Point::Is(identity);
        let mut group = |name: &'a str| {
            let group = Holder::Group(name);
            self.add(from, Point::Became((group, None)), false, How::As(group));
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

    pub(crate) fn add_terrain(
        &mut self,
        terrain: &Terrain<'a>,
        identities: impl Iterator<Item = Identity<'a>>,
    ) {
        let system = Goal::ClusterAdmin;
        self.add(Point::Accounts(SYSTEM), Point::Goal(system), true, How::AsController);
        self.add(Point::Commands(SYSTEM), Point::Goal(Goal::NodeRoot), true, How::ByPodOnNode);
        self.add(Point::Pods(SYSTEM), Point::Accounts(SYSTEM), false, How::There);
        let mut groups: FxHashMap<&'a str, Holder<'a>> = FxHashMap::default();
        let mut accounts = Vec::new();
        for (holder, _) in identities {
            match holder {
                Holder::ServiceAccount { namespace: Some(namespace), .. } => {
                    accounts.push((namespace, holder));
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
            let being = Point::Became((holder, None));
            self.add(Point::Accounts(namespace), being, true, How::As(holder));
            self.add(Point::Pods(namespace), Point::Accounts(namespace), false, How::There);
            if let Some(&group) = groups.get(namespace) {
                self.add(Point::Is((holder, None)), Point::Became((group, None)), false, How::As(group));
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
                self.add(here, Point::Became((holder, None)), true, How::As(holder));
            }
        }
        for &(namespace, name) in &terrain.tokens {
            let holder = Holder::ServiceAccount { namespace: Some(namespace), name };
            let here = Point::Tokens(Some(namespace));
            self.add(here, Point::Became((holder, None)), true, How::As(holder));
            self.add(Point::Tokens(None), here, false, How::There);
        }
    }
}
