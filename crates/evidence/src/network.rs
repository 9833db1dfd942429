//! Who may talk to whom, as far as files tell: pods and policies by the namespace in which they will be.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use seaworthy_reachability::foreign::{self, ForeignPolicy, Reach};
use seaworthy_reachability::{
    CLUSTER_POLICY_GROUP, ClusterPolicy, Labels, Namespace, NamespaceId, Pod, PodId, Policy, PolicyId, World,
};
use seaworthy_schema as schema;

use crate::index::SourceFile;
use crate::object::Object;
use crate::read::refusals;
use crate::workload::Workload;

/// Folders that a policy without namespace may lie away from the workloads that it is for.
const CLIMB: usize = 1;

/// All pods and policies.
#[derive(Debug, Default)]
pub struct Network<'a> {
    /// What is asked.
    pub world: World<'a>,
    /// Namespaces with a pod or a policy, and those that are declared; those that the files leave open last.
    pub zones: Vec<Zone<'a>>,
    /// Policies of other projects for the whole cluster (Calico, Cilium, Antrea), with the positions of their objects.
    pub foreign: Vec<(u32, ForeignPolicy<'a>)>,
}

/// A namespace; or, where objects leave theirs open, what lies in one folder and will be applied together.
#[derive(Debug)]
pub struct Zone<'a> {
    /// The name of the namespace, unless it is left open.
    pub name: Option<&'a str>,
    /// Its place in the world.
    pub id: NamespaceId,
    /// The Namespace object, as its position.
    pub object: Option<u32>,
    /// Its pods, with the positions of their workloads. Those that have finished are left out.
    pub pods: Vec<(u32, PodId)>,
    /// Its NetworkPolicies, with the positions of their objects.
    pub policies: Vec<(u32, PolicyId)>,
    /// Policies of other projects, with the positions of their objects.
    pub foreign: Vec<(u32, ForeignPolicy<'a>)>,
    /// Whether policies lie beside its workloads of which it is not known whether they are for this namespace.
    pub doubtful: bool,
}

/// What will be applied together is known by the name of the namespace, or else by the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key<'a> {
    Named(&'a str),
    Folder(&'a str),
}

impl<'a> Network<'a> {
    pub(crate) fn new(
        files: &[&'a SourceFile],
        objects: &[Object<'a>],
        workloads: &[Workload<'a>],
    ) -> Network<'a> {
        let mut builder = Builder {
            files,
            objects,
            folders: Folders::new(files, objects, workloads),
            network: Network::default(),
            by_key: BTreeMap::new(),
        };
        builder.declare();
        for (index, workload) in (0..).zip(workloads) {
            builder.add_workload(index, workload);
        }
        for (index, object) in (0..).zip(objects) {
            builder.add_policy(index, object);
        }
        builder.mark_doubtful(workloads);
        builder.network
    }

    /// Whether an object that holds no workload changes something here.
    pub(crate) fn concerns(object: &Object<'_>) -> bool {
        object.is("", "Namespace")
            || object.is("networking.k8s.io", "NetworkPolicy")
            || object.group() == CLUSTER_POLICY_GROUP
            || foreign::reach(object.group(), object.kind).is_some()
    }

    /// Where its parts, apart from workloads, stand among the objects.
    pub(crate) fn positions_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        let of_zones = self.zones.iter_mut().flat_map(|zone| {
            let policies = zone.policies.iter_mut().map(|(position, _)| position);
            zone.object.iter_mut().chain(policies).chain(zone.foreign.iter_mut().map(|(index, _)| index))
        });
        of_zones.chain(self.foreign.iter_mut().map(|(index, _)| index))
    }
}

struct Builder<'e, 'a> {
    files: &'e [&'a SourceFile],
    objects: &'e [Object<'a>],
    folders: Folders<'a>,
    network: Network<'a>,
    by_key: BTreeMap<Key<'a>, usize>,
}

impl<'a> Builder<'_, 'a> {
    fn declare(&mut self) {
        for (index, object) in (0..).zip(self.objects) {
            if object.is("", "Namespace") && !object.name.is_empty() {
                self.zone(Key::Named(object.name), Some(index));
            }
        }
    }

    /// The zone of a key; the first declaration of a namespace counts.
    fn zone(&mut self, key: Key<'a>, declared: Option<u32>) -> &mut Zone<'a> {
        let network = &mut self.network;
        let index = *self.by_key.entry(key).or_insert_with(|| {
            let name = match key {
                Key::Named(name) => Some(name),
                Key::Folder(_) => None,
            };
            let object = declared.and_then(|index| self.objects.get(index as usize));
            let labels = Labels::of_namespace(name, object.map(|object| object.value));
            let id = network.world.add_namespace(Namespace::new(name, labels));
            network.zones.push(Zone {
                name,
                id,
                object: declared,
                pods: Vec::new(),
                policies: Vec::new(),
                foreign: Vec::new(),
                doubtful: false,
            });
            network.zones.len() - 1
        });
        &mut network.zones[index]
    }

    fn add_workload(&mut self, index: u32, workload: &Workload<'a>) {
        let owner = &self.objects[workload.object as usize];
        let status = owner.value.get("status").filter(|_| owner.is("", "Pod"));
        let phase = status.and_then(|status| status.get("phase")).and_then(|phase| phase.as_str());
        if matches!(phase, Some("Succeeded" | "Failed")) {
            return;
        }
        let pod = Pod::read(workload.pod.metadata(), workload.pod.spec(), status);
        let key = match owner.namespace {
            Some(name) => Key::Named(name),
            None => Key::Folder(self.folders.together(folder(self.files, owner))),
        };
        let namespace = self.zone(key, None).id;
        let id = self.network.world.add_pod(namespace, pod);
        self.zone(key, None).pods.push((index, id));
    }

    fn add_policy(&mut self, index: u32, object: &Object<'a>) {
        let group = object.group();
        let is_policy = object.is("networking.k8s.io", "NetworkPolicy");
        let foreign = foreign::reach(group, object.kind);
        if group == CLUSTER_POLICY_GROUP
            && let Some(policy) = ClusterPolicy::read(object.kind, object.value)
        {
            self.network.world.add_cluster_policy(policy);
        }
        if foreign == Some(Reach::Cluster) {
            self.network.foreign.push((index, ForeignPolicy::read(group, object.kind, object.value)));
        }
        if !is_policy && foreign != Some(Reach::Namespace) {
            return;
        }
        let key = match object.namespace {
            Some(name) => Key::Named(name),
            None => {
                let folder = folder(self.files, object);
                Key::Folder(self.folders.together(self.folders.covered(folder).unwrap_or(folder)))
            }
        };
        let namespace = self.zone(key, None).id;
        if is_policy {
            let id = self.network.world.add_policy(namespace, policy(object));
            self.zone(key, None).policies.push((index, id));
        } else {
            let policy = ForeignPolicy::read(group, object.kind, object.value);
            self.zone(key, None).foreign.push((index, policy));
        }
    }

    /// A policy without namespace beside workloads with one may be for them, and the other way round.
    fn mark_doubtful(&mut self, workloads: &[Workload<'a>]) {
        let mut named: FxHashSet<&'a str> = FxHashSet::default();
        let mut open: FxHashSet<&'a str> = FxHashSet::default();
        for zone in &self.network.zones {
            let beside = if zone.name.is_some() { &mut named } else { &mut open };
            let policies = zone
                .policies
                .iter()
                .map(|(index, _)| index)
                .chain(zone.foreign.iter().map(|(index, _)| index));
            let policies = policies.filter_map(|index| self.objects.get(*index as usize));
            beside.extend(
                policies.filter_map(|policy| nearest(&self.folders.holding_any, folder(self.files, policy))),
            );
        }
        for zone in &mut self.network.zones {
            let others = if zone.name.is_some() { &open } else { &named };
            zone.doubtful = !others.is_empty()
                && zone.pods.iter().any(|(index, _)| {
                    let owner =
                        workloads.get(*index as usize).and_then(|it| self.objects.get(it.object as usize));
                    owner.is_some_and(|owner| {
                        ancestors(folder(self.files, owner)).any(|at| others.contains(at))
                    })
                });
        }
    }
}

/// Which folders are applied together, among those of objects that leave their namespace open.
struct Folders<'a> {
    /// Folders with workloads in them or below them that leave their namespace open.
    holding: FxHashSet<&'a str>,
    /// Folders with any workloads in them or below them.
    holding_any: FxHashSet<&'a str>,
    /// Folders with policies for everything below.
    covering: FxHashSet<&'a str>,
    /// The answers that were given.
    known: FxHashMap<&'a str, &'a str>,
}

impl<'a> Folders<'a> {
    fn new(files: &[&'a SourceFile], objects: &[Object<'a>], workloads: &[Workload<'a>]) -> Folders<'a> {
        let mut folders = Folders {
            holding: FxHashSet::default(),
            holding_any: FxHashSet::default(),
            covering: FxHashSet::default(),
            known: FxHashMap::default(),
        };
        let owners = workloads.iter().filter_map(|workload| objects.get(workload.object as usize));
        for owner in owners {
            // Where one was entered, those above it were as well.
            let mut around = ancestors(folder(files, owner));
            if owner.namespace.is_none() {
                around.clone().all(|at| folders.holding.insert(at));
            }
            around.all(|at| folders.holding_any.insert(at));
        }
        let policies = objects.iter().filter(|object| {
            object.kind.ends_with("NetworkPolicy")
                && object.namespace.is_none()
                && (object.is("networking.k8s.io", "NetworkPolicy")
                    || foreign::reach(object.group(), object.kind) == Some(Reach::Namespace))
        });
        for policy in policies {
            if let Some(folder) = folders.covered(folder(files, policy)) {
                folders.covering.insert(folder);
            }
        }
        folders
    }

    /// The smallest folder around a policy that holds workloads, if there is one nearby: those are meant.
    fn covered(&self, folder: &'a str) -> Option<&'a str> {
        nearest(&self.holding, folder)
    }

    /// The widest folder around one for which there are policies, else itself.
    fn together(&mut self, folder: &'a str) -> &'a str {
        if self.covering.is_empty() {
            return folder;
        }
        let covering = &self.covering;
        self.known
            .entry(folder)
            .or_insert_with(|| ancestors(folder).filter(|at| covering.contains(at)).last().unwrap_or(folder))
    }
}

/// A policy that the API server would refuse is none: it is not known what will be put in its place.
fn policy<'a>(object: &Object<'a>) -> Policy<'a> {
    let policy = Policy::read(object.value);
    let kind = schema::kind(object.api_version, object.kind);
    let undecodable = |kind| refusals(kind, object.value).iter().any(|it| !it.problem.strict_only());
    if policy.has_refused_peer() || kind.is_some_and(undecodable) { policy.doubted() } else { policy }
}

/// The folder of the file in which an object stands.
fn folder<'a>(files: &[&'a SourceFile], object: &Object<'_>) -> &'a str {
    let name = files.get(object.file as usize).map_or("", |file| file.name.as_str());
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The smallest of some folders around one, not too far away.
fn nearest<'a>(among: &FxHashSet<&'a str>, folder: &'a str) -> Option<&'a str> {
    ancestors(folder).take(CLIMB + 1).find(|at| among.contains(at))
}

/// A folder and all above it, the nearest first.
fn ancestors(folder: &str) -> impl Iterator<Item = &str> + Clone {
    std::iter::successors(Some(folder), |at| match at.rsplit_once('/') {
        Some((above, _)) => Some(above),
        None => (!at.is_empty()).then_some(""),
    })
}
