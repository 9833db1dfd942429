//! All pods, namespaces and policies together, and the questions to them.

use std::collections::HashMap;

use crate::cluster_policy::{ClusterPolicy, Tier};
use crate::index::SubjectIndex;
use crate::peer::Endpoint;
use crate::pod::{Namespace, Pod};
use crate::policy::{Connection, Direction, Policy};
use crate::port::Port;
use crate::tiers::{Course, of_tier};
use crate::truth::Truth;

/// Cluster policies that are asked for one pod, at most.
const MANY_CLUSTER_POLICIES: usize = 200;

/// A namespace of a [`World`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespaceId(pub(crate) usize);

/// A pod of a [`World`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodId(pub(crate) usize);

/// A NetworkPolicy of a [`World`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(pub(crate) usize);

/// Pods, namespaces and the policies between them.
///
/// Built once; then it is asked. Policies of other projects (Calico, Cilium) are not part of it: see
/// [`foreign`](crate::foreign).
#[derive(Debug)]
pub struct World<'a> {
    namespaces: Vec<Namespace<'a>>,
    pods: Vec<(NamespaceId, Pod<'a>)>,
    policies: Vec<(NamespaceId, Policy<'a>)>,
    /// Policies of each namespace, by what they select.
    indexes: Vec<SubjectIndex<'a>>,
    cluster_policies: Vec<ClusterPolicy<'a>>,
    /// Positions of the cluster policies, by priority.
    order: Vec<usize>,
    pod_blocks: Truth,
}

impl Default for World<'_> {
    fn default() -> Self {
        World {
            namespaces: Vec::new(),
            pods: Vec::new(),
            policies: Vec::new(),
            indexes: Vec::new(),
            cluster_policies: Vec::new(),
            order: Vec::new(),
            pod_blocks: Truth::Maybe,
        }
    }
}

impl<'a> World<'a> {
    /// An empty world, in which it is not known whether an `ipBlock` of a NetworkPolicy means pods by their addresses:
    /// network plugins differ in it.
    pub fn new() -> World<'a> {
        World::default()
    }

    /// Says whether an `ipBlock` of a NetworkPolicy means pods by their addresses.
    #[must_use]
    pub fn with_pod_blocks(mut self, pod_blocks: Truth) -> World<'a> {
        self.pod_blocks = pod_blocks;
        self
    }

    /// Adds a namespace; the caller sees to it that each is added once.
    pub fn add_namespace(&mut self, mut namespace: Namespace<'a>) -> NamespaceId {
        let id = self.namespaces.len();
        namespace.id = Some(id);
        self.namespaces.push(namespace);
        self.indexes.push(SubjectIndex::default());
        NamespaceId(id)
    }

    /// Adds a pod to a namespace of this world.
    pub fn add_pod(&mut self, namespace: NamespaceId, pod: Pod<'a>) -> PodId {
        self.pods.push((namespace, pod));
        PodId(self.pods.len() - 1)
    }

    /// Adds a NetworkPolicy to a namespace of this world.
    pub fn add_policy(&mut self, namespace: NamespaceId, policy: Policy<'a>) -> PolicyId {
        let id = PolicyId(self.policies.len());
        if let Some(index) = self.indexes.get_mut(namespace.0) {
            index.add(id, &policy.subjects);
        }
        self.policies.push((namespace, policy));
        id
    }

    /// Adds a policy of the cluster.
    pub fn add_cluster_policy(&mut self, policy: ClusterPolicy<'a>) {
        let at = self.order.partition_point(|&index| {
            self.cluster_policies.get(index).is_some_and(|other| other.priority <= policy.priority)
        });
        self.order.insert(at, self.cluster_policies.len());
        self.cluster_policies.push(policy);
    }

    /// A namespace.
    pub fn namespace(&self, id: NamespaceId) -> &Namespace<'a> {
        &self.namespaces[id.0]
    }

    /// A pod.
    pub fn pod(&self, id: PodId) -> &Pod<'a> {
        &self.pods[id.0].1
    }

    /// The namespace of a pod.
    pub fn namespace_of(&self, id: PodId) -> &Namespace<'a> {
        self.namespace(self.pods[id.0].0)
    }

    /// A policy.
    pub fn policy(&self, id: PolicyId) -> &Policy<'a> {
        &self.policies[id.0].1
    }

    /// The namespace of a policy.
    pub fn namespace_of_policy(&self, id: PolicyId) -> &Namespace<'a> {
        self.namespace(self.policies[id.0].0)
    }

    /// All pods, in the order in which they were added.
    pub fn pods(&self) -> impl Iterator<Item = PodId> + use<> {
        (0..self.pods.len()).map(PodId)
    }

    /// All NetworkPolicies, in the order in which they were added.
    pub fn policies(&self) -> impl Iterator<Item = PolicyId> + use<> {
        (0..self.policies.len()).map(PolicyId)
    }

    /// The policies of the cluster.
    pub fn cluster_policies(&self) -> &[ClusterPolicy<'a>] {
        &self.cluster_policies
    }

    /// The cluster policies of a tier, by priority.
    pub(crate) fn tier(&self, tier: Tier) -> impl Iterator<Item = &ClusterPolicy<'a>> {
        of_tier(&self.cluster_policies, &self.order, tier)
    }

    pub(crate) fn pod_blocks(&self) -> Truth {
        self.pod_blocks
    }

    /// A pod as the other end of a connection.
    pub fn endpoint(&self, id: PodId) -> Endpoint<'_, 'a> {
        Endpoint::Pod(self.pod(id), self.namespace_of(id))
    }

    /// The NetworkPolicies that select a pod, or may do so. `Err` when a namespace holds too many that might: then
    /// nothing is known.
    pub fn policies_on(&self, pod: PodId) -> Result<Vec<(PolicyId, Truth)>, TooMany> {
        let (namespace, pod) = &self.pods[pod.0];
        let candidates = self.indexes[namespace.0].candidates(pod.labels())?;
        let with_truth = candidates.into_iter().map(|id| (id, self.policy(id).selects(pod)));
        Ok(with_truth.filter(|(_, truth)| truth.possibly()).collect())
    }

    /// Whether NetworkPolicies isolate a pod: what they do not allow in this direction is denied.
    pub fn is_isolated(&self, pod: PodId, direction: Direction) -> Truth {
        match self.policies_on(pod) {
            Ok(policies) => Truth::any(
                policies.into_iter().map(|(id, selects)| selects.and(self.policy(id).isolates(direction))),
            ),
            Err(TooMany) => Truth::Maybe,
        }
    }

    /// Whether the policies on one side of a connection let it through: on its source for egress, on its destination
    /// for ingress.
    pub fn side_allows(&self, pod: PodId, direction: Direction, peer: Endpoint<'_, 'a>, port: Port) -> Truth {
        let (namespace, subject) = (self.namespace_of(pod), self.pod(pod));
        let destination = match direction {
            Direction::Ingress => Some(subject),
            Direction::Egress => peer.pod(),
        };
        let connection = Connection { peer, port, destination };
        self.settle(pod, direction, &connection, &self.policies_on(pod), |_, policy| {
            policy.allows(direction, &connection, namespace, self.pod_blocks)
        })
    }

    /// Asks tier by tier; `on` are the NetworkPolicies on the pod, and `allows` says whether one allows the connection.
    fn settle(
        &self,
        pod: PodId,
        direction: Direction,
        connection: &Connection<'_, 'a>,
        on: &Result<Vec<(PolicyId, Truth)>, TooMany>,
        mut allows: impl FnMut(PolicyId, &Policy<'a>) -> Truth,
    ) -> Truth {
        let (namespace, subject) = (self.namespace_of(pod), self.pod(pod));
        // Policies say nothing about pods on the network of their node.
        let host_network = subject.host_network();
        if host_network == Truth::Yes {
            return Truth::Yes;
        }
        if self.cluster_policies.len() > MANY_CLUSTER_POLICIES {
            return Truth::Maybe;
        }
        let tier = |course: Course, tier: Tier| {
            course.tier(self.tier(tier), (subject, namespace), direction, connection)
        };
        let course = tier(Course::start(), Tier::Admin);
        let course = match on {
            Ok(policies) => {
                let mut isolated = Truth::No;
                let (mut allowed, mut by_all) = (Truth::No, Truth::Yes);
                for &(id, selects) in policies {
                    let policy = self.policy(id);
                    let isolates = selects.and(policy.isolates(direction));
                    if isolates.possibly() {
                        let allows = allows(id, policy);
                        isolated = isolated.or(isolates);
                        allowed = allowed.or(isolates.and(allows));
                        by_all = by_all.and(allows);
                    }
                }
                // What all of them allow is allowed whichever of them apply.
                let allowed = if by_all == Truth::Yes { by_all } else { allowed };
                course.network_policies(isolated, allowed)
            }
            Err(TooMany) => course.network_policies(Truth::Maybe, Truth::Maybe),
        };
        let allowed = tier(course, Tier::Baseline).end();
        if host_network == Truth::Maybe && allowed == Truth::No { Truth::Maybe } else { allowed }
    }

    /// What [`side_allows`](World::side_allows) says for egress of many pods to some addresses, each with a port: for each
    /// of these one answer for each pod. Names of ports mean nothing there, so each policy is asked once for each address,
    /// however many pods it selects.
    pub fn egress_to(&self, pods: &[PodId], to: &[(Endpoint<'_, 'a>, Port)]) -> Vec<Vec<Truth>> {
        let direction = Direction::Egress;
        let mut asked: Vec<HashMap<PolicyId, Truth>> = vec![HashMap::new(); to.len()];
        let mut answers: Vec<Vec<Truth>> = vec![Vec::with_capacity(pods.len()); to.len()];
        for &pod in pods {
            let (own, on) = (self.namespace_of(pod), self.policies_on(pod));
            for ((&(peer, port), asked), answers) in to.iter().zip(&mut asked).zip(&mut answers) {
                let connection = Connection { peer, port, destination: peer.pod() };
                answers.push(self.settle(pod, direction, &connection, &on, |id, policy| {
                    let allows = || policy.allows(direction, &connection, own, self.pod_blocks);
                    *asked.entry(id).or_insert_with(allows)
                }));
            }
        }
        answers
    }

    /// Whether a pod may reach a port of another one. A pod and itself is a case that the API leaves open.
    pub fn reaches(&self, from: PodId, to: PodId, port: Port) -> Truth {
        if from == to {
            return Truth::Maybe;
        }
        let out = self.side_allows(from, Direction::Egress, self.endpoint(to), port);
        if out == Truth::No {
            return out;
        }
        out.and(self.side_allows(to, Direction::Ingress, self.endpoint(from), port))
    }
}

/// More policies might select a pod than are looked at: a search must not cost the square of what a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;
