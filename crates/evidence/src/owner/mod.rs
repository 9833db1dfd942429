//! Owner chains: in a live cluster the pods of a Deployment stand beside it, with the ReplicaSets between them. What says
//! the same as the template that it was made of is judged there, once. A pod that says something else, since a side car
//! was injected or somebody attached a debugger, is judged as well: the template alone would be no answer.
//!
//! Only controllers that are among the evidence count, found by the reference that Kubernetes keeps, and by uid where both
//! sides tell it. What has ended or was scaled away runs nothing, and its owner shows what will run again.

pub(crate) mod defaults;
mod difference;

use std::fmt;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use seaworthy_document::Value;
use seaworthy_podsecurity::Pod;

use crate::index::{SourceFile, sort_key};
use crate::object::{Object, group_of};
use crate::workload::Workload;
use difference::{Difference, Maker, Model, difference};

/// Owners above each other that are followed.
const DEPTH: usize = 6;

/// Different pods of one owner that a further one is compared with.
const PEERS: usize = 16;

/// Objects per task.
const CHUNK: usize = 128;

/// The controller that an object belongs to, as its reference names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner<'a> {
    /// `apiVersion`, as `apps/v1`.
    pub api_version: &'a str,
    /// `kind`, as `Deployment`.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// How an object that is judged although something owns it stands to its owner.
#[derive(Clone, Debug)]
pub struct Kinship<'a> {
    /// The uppermost controller above it that is known.
    pub owner: Owner<'a>,
    /// How it differs from the template that it was made of, when that is known: the first difference.
    pub difference: Option<String>,
    /// How many equal pods (or ReplicaSets, Jobs) of the owner it stands for, itself included.
    pub count: u32,
}

/// Files and values by which objects are known: positions move when files change.
type Key = (u32, u32);

fn key(object: &Object<'_>) -> Key {
    (object.file, object.value.id())
}

/// What is judged with its owner, and what is judged beside it.
#[derive(Debug, Default)]
pub(crate) struct Owners<'a> {
    fates: FxHashMap<Key, Fate<'a>>,
    represented: usize,
    /// Whether anything is owned.
    any: bool,
}

#[derive(Debug)]
enum Fate<'a> {
    /// Its owner, or an equal pod, is judged in its place.
    Represented,
    /// It is judged itself.
    Stands(Kinship<'a>),
}

impl<'a> Owners<'a> {
    /// Compares everything that has an owner with it. `sorted` are the positions of all objects by kind and name.
    pub(crate) fn new(
        files: &[&'a SourceFile],
        objects: &[Object<'a>],
        workloads: &[Workload<'a>],
        sorted: &[u32],
    ) -> Owners<'a> {
        // Objects that hold pods stand in runs of their workloads.
        let runs: Vec<&[Workload<'a>]> = workloads.chunk_by(|a, b| a.object == b.object).collect();
        let owned: Vec<Owned<'_, 'a>> = runs
            .par_iter()
            .with_min_len(CHUNK)
            .filter_map(|run| {
                let index = run.first()?.object;
                let object = objects.get(index as usize)?;
                Owned::read(index, object, run)
            })
            .collect();
        if owned.is_empty() {
            return Owners::default();
        }
        let search = Search { files, objects, sorted };
        let owners: Vec<Option<u32>> =
            owned.par_iter().with_min_len(CHUNK).map(|owned| search.owner(owned)).collect();
        Kin { workloads, by_object: by_object(&owned), owned: &owned, owners }.settle()
    }

    /// Compares once more what lies in a namespace, in which an object of the file at `index` has come, gone or changed:
    /// owners and what they own share one, or the owner has none.
    pub(crate) fn update(
        &mut self,
        namespace: &str,
        index: u32,
        files: &[&'a SourceFile],
        objects: &[Object<'a>],
        workloads: &[Workload<'a>],
        sorted: &[u32],
    ) {
        let near = |workload: &&Workload<'a>| {
            objects[workload.object as usize].namespace.is_none_or(|of_it| of_it == namespace)
        };
        let workloads: Vec<Workload<'a>> = workloads.iter().filter(near).copied().collect();
        let of_file: Vec<Key> = self.fates.keys().filter(|(file, _)| *file == index).copied().collect();
        let of_workloads = workloads.iter().map(|workload| key(&objects[workload.object as usize]));
        for key in of_workloads.chain(of_file) {
            if let Some(Fate::Represented) = self.fates.remove(&key) {
                self.represented -= 1;
            }
        }
        let now = Owners::new(files, objects, &workloads, sorted);
        self.represented += now.represented;
        self.fates.extend(now.fates);
        self.any |= now.any;
    }

    /// Whether nothing is owned: then files can come and go without another look.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any
    }

    /// Whether something else is judged in the place of an object.
    pub(crate) fn represents(&self, object: &Object<'_>) -> bool {
        !self.fates.is_empty() && matches!(self.fates.get(&key(object)), Some(Fate::Represented))
    }

    /// How an object stands to its owner.
    pub(crate) fn kinship(&self, object: &Object<'_>) -> Option<&Kinship<'a>> {
        if self.fates.is_empty() {
            return None;
        }
        match self.fates.get(&key(object))? {
            Fate::Stands(kinship) => Some(kinship),
            Fate::Represented => None,
        }
    }

    /// How many objects others are judged in the place of.
    pub(crate) fn represented(&self) -> usize {
        self.represented
    }

    /// The reference to the controller of an object, when there is one that could be judged in its place.
    pub(crate) fn concerns(object: &Object<'_>) -> bool {
        controller(object).is_some() || mirrored(object).is_some()
    }
}

/// An object with pods and a controller above it.
struct Owned<'e, 'a> {
    index: u32,
    object: &'e Object<'a>,
    pods: &'e [Workload<'a>],
    by: By<'a>,
    /// It has run, or runs nothing any more.
    ended: bool,
}

/// What an object comes from.
#[derive(Clone, Copy)]
enum By<'a> {
    Controller {
        owner: Owner<'a>,
        uid: Option<&'a str>,
    },
    /// The file of a static pod on a node, of which this is the mirror.
    StaticPod {
        node: &'a str,
    },
}

impl<'e, 'a> Owned<'e, 'a> {
    fn read(index: u32, object: &'e Object<'a>, pods: &'e [Workload<'a>]) -> Option<Owned<'e, 'a>> {
        let by = match mirrored(object) {
            Some(node) => By::StaticPod { node },
            None => {
                let (owner, uid) = controller(object)?;
                By::Controller { owner, uid }
            }
        };
        Some(Owned { index, object, pods, by, ended: has_ended(object) })
    }
}

fn by_object(owned: &[Owned<'_, '_>]) -> FxHashMap<u32, usize> {
    owned.iter().enumerate().map(|(position, owned)| (owned.index, position)).collect()
}

/// The controller of an object and its uid. Nodes own what runs by files on them: those show nothing else.
fn controller<'a>(object: &Object<'a>) -> Option<(Owner<'a>, Option<&'a str>)> {
    let references = object.metadata()?.get("ownerReferences")?;
    let is_controller = |reference: &Value<'a>| {
        reference.get("controller").and_then(|controller| controller.as_bool()) == Some(true)
    };
    let reference = references.items().find(is_controller)?;
    let text = |key| reference.get(key).and_then(|value| value.as_str());
    let owner = Owner { api_version: text("apiVersion")?, kind: text("kind")?, name: text("name")? };
    (owner.kind != "Node").then_some((owner, text("uid")))
}

/// The node of a mirror pod: what the kubelet shows of a static pod.
fn mirrored<'a>(object: &Object<'a>) -> Option<&'a str> {
    if !is_mirror(object) {
        return None;
    }
    object.value.at(&["spec", "nodeName"])?.as_str()
}

/// Whether a pod is what the kubelet shows of a file on its node.
pub(crate) fn is_mirror(object: &Object<'_>) -> bool {
    object.is("", "Pod") && object.annotation("kubernetes.io/config.mirror").is_some()
}

/// Whether nothing of an object runs any more, nor will by itself.
fn has_ended(object: &Object<'_>) -> bool {
    let number = |path: &[&str]| object.value.at(path).and_then(|value| value.as_i64());
    match (object.group(), object.kind) {
        ("", "Pod") => {
            let phase = object.value.at(&["status", "phase"]).and_then(|phase| phase.as_str());
            matches!(phase, Some("Succeeded" | "Failed"))
        }
        ("apps", "ReplicaSet") => {
            number(&["spec", "replicas"]) == Some(0) && number(&["status", "replicas"]).unwrap_or(0) == 0
        }
        ("batch", "Job") => {
            let conditions = object.value.at(&["status", "conditions"]);
            conditions.iter().flat_map(Value::items).any(|condition| {
                let is = |key, words: &[&str]| {
                    condition.get(key).is_some_and(|value| words.contains(&value.text()))
                };
                is("type", &["Complete", "Failed"]) && is("status", &["True"])
            })
        }
        _ => false,
    }
}

/// Kinds whose objects controllers make in numbers, under names that nobody chose.
fn is_made_in_numbers(kind: &str) -> bool {
    matches!(kind, "Pod" | "ReplicaSet" | "ReplicationController" | "Job")
}

fn maker(kind: &str) -> Maker {
    match kind {
        "DaemonSet" => Maker::DaemonSet,
        "StatefulSet" => Maker::StatefulSet,
        "Job" => Maker::Job,
        _ => Maker::Other,
    }
}

/// Looks for owners.
struct Search<'k, 'a> {
    files: &'k [&'a SourceFile],
    objects: &'k [Object<'a>],
    sorted: &'k [u32],
}

impl<'a> Search<'_, 'a> {
    /// The position of the owner, when it is among the evidence.
    fn owner(&self, owned: &Owned<'_, 'a>) -> Option<u32> {
        match owned.by {
            By::Controller { owner, uid } => {
                // What has a namespace is owned by what is in the same one, or by what has none.
                let beside = self.called(owner, owned.object.namespace, uid);
                let namespace = owned.object.namespace;
                beside.or_else(|| namespace.and_then(|_| self.called(owner, None, uid)))
            }
            By::StaticPod { node } => self.static_pod(owned.object, node),
        }
        .filter(|&index| index != owned.index)
    }

    fn called(&self, owner: Owner<'a>, namespace: Option<&str>, uid: Option<&str>) -> Option<u32> {
        let mut found = self.positions(owner.kind, namespace, owner.name).filter(|&index| {
            let object = &self.objects[index as usize];
            let own = object.value.at(&["metadata", "uid"]).and_then(|uid| uid.as_str());
            object.group() == group_of(owner.api_version)
                && own.zip(uid).is_none_or(|(own, wanted)| own == wanted)
        });
        // Of several of one name in different files, nothing tells which one it is.
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    fn positions(
        &self,
        kind: &'a str,
        namespace: Option<&str>,
        name: &str,
    ) -> impl Iterator<Item = u32> + use<'_, 'a> {
        let identity = (kind, namespace, name);
        let of = |index: u32| {
            let (kind, namespace, name, _) = sort_key(self.objects, index);
            (kind, namespace, name)
        };
        let start = self.sorted.partition_point(|&index| of(index) < identity);
        let length = self.sorted[start..].partition_point(|&index| of(index) == identity);
        self.sorted[start..start + length].iter().copied()
    }

    /// The file of a static pod among those of its node: the kubelet puts the name of the node behind the pod's.
    fn static_pod(&self, mirror: &Object<'a>, node: &str) -> Option<u32> {
        let name = mirror.name.strip_suffix(node)?.strip_suffix('-')?;
        let folder = format!("nodes/{node}/");
        let of_node = |index: &u32| {
            let object = &self.objects[*index as usize];
            let file = self.files.get(object.file as usize);
            object.is("", "Pod") && file.is_some_and(|file| file.name.starts_with(&folder))
        };
        let beside = self.positions("Pod", mirror.namespace, name).find(of_node);
        // A file without a namespace is for `default`.
        beside.or_else(|| match mirror.namespace {
            Some("default") => self.positions("Pod", None, name).find(of_node),
            _ => None,
        })
    }
}

/// All that is owned, while it is compared.
struct Kin<'k, 'e, 'a> {
    workloads: &'k [Workload<'a>],
    owned: &'k [Owned<'e, 'a>],
    /// The positions of their owners, for those whose owner is among the evidence.
    owners: Vec<Option<u32>>,
    /// From positions of objects to those in `owned`.
    by_object: FxHashMap<u32, usize>,
}

/// The answer about one object that is owned.
#[derive(Clone)]
enum Answer {
    /// It has ended, or says the same as this object.
    Same(u32),
    /// It differs from the template of this object.
    Differs(u32, Difference),
    /// Nothing tells what it was made of.
    Open,
}

/// Those of one owner that differ from it, or that nothing tells the model of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Family<'a> {
    Of(u32),
    Unknown(Option<&'a str>, Owner<'a>, Option<&'a str>),
}

impl<'a> Kin<'_, '_, 'a> {
    fn settle(&self) -> Owners<'a> {
        // ReplicaSets and Jobs first: pods are compared with whatever is judged above them.
        let mut answers: FxHashMap<u32, Answer> = FxHashMap::default();
        for level in self.levels() {
            let round: Vec<(u32, Answer)> = level
                .par_iter()
                .with_min_len(CHUNK)
                .map(|&position| (self.owned[position].index, self.answer(position, &answers)))
                .collect();
            answers.extend(round);
        }
        let mut owners = Owners { any: true, ..Owners::default() };
        let mut families: FxHashMap<Family<'a>, Vec<&Owned<'_, 'a>>> = FxHashMap::default();
        for (position, owned) in self.owned.iter().enumerate() {
            let answer = answers.get(&owned.index).cloned().unwrap_or(Answer::Open);
            if !matches!(answer, Answer::Same(_)) && !is_made_in_numbers(owned.object.kind) {
                // What an operator makes of a custom resource has a name of its own and stands for itself.
                continue;
            }
            let (family, difference) = match (answer, owned.by) {
                (Answer::Same(_), _) => {
                    owners.fates.insert(key(owned.object), Fate::Represented);
                    continue;
                }
                // A static pod of which no file is known is judged as it stands.
                (_, By::StaticPod { .. }) => continue,
                (Answer::Differs(by, difference), By::Controller { .. }) => {
                    (Family::Of(by), Some(difference.to_string()))
                }
                (Answer::Open, By::Controller { owner, uid }) => {
                    (Family::Unknown(owned.object.namespace, owner, uid), None)
                }
            };
            let peers = families.entry(family).or_default();
            let equal = peers.iter().take(PEERS).find(|peer| says_the_same(owned, peer));
            if let Some(peer) = equal {
                owners.fates.insert(key(owned.object), Fate::Represented);
                if let Some(Fate::Stands(kinship)) = owners.fates.get_mut(&key(peer.object)) {
                    kinship.count += 1;
                }
                continue;
            }
            peers.push(owned);
            let Some(owner) = self.uppermost(position) else { continue };
            owners.fates.insert(key(owned.object), Fate::Stands(Kinship { owner, difference, count: 1 }));
        }
        owners.represented = owners.fates.values().filter(|fate| matches!(fate, Fate::Represented)).count();
        owners
    }

    /// Positions of what is owned, those with the fewest owners above them first. What is owned in a circle, which nobody but
    /// an attacker makes, is in none: it is judged itself.
    fn levels(&self) -> Vec<Vec<usize>> {
        let mut levels: Vec<Vec<usize>> = vec![Vec::new(); DEPTH];
        for position in 0..self.owned.len() {
            let above = std::iter::successors(Some(position), |&position| self.owned_owner(position));
            if let Some(level) = levels.get_mut(above.take(DEPTH + 1).count() - 1) {
                level.push(position);
            }
        }
        levels
    }

    /// The owner of something, when that has an owner itself.
    fn owned_owner(&self, position: usize) -> Option<usize> {
        self.by_object.get(&self.owners[position]?).copied()
    }

    /// The pods that an object holds.
    fn pods_of(&self, index: u32) -> &[Workload<'a>] {
        let start = self.workloads.partition_point(|workload| workload.object < index);
        let length = self.workloads[start..].partition_point(|workload| workload.object == index);
        &self.workloads[start..start + length]
    }

    fn answer(&self, position: usize, answers: &FxHashMap<u32, Answer>) -> Answer {
        let owned = &self.owned[position];
        let Some(direct) = self.owners[position] else { return Answer::Open };
        // What is judged in the owner's place stands for this one, too.
        let judged = match answers.get(&direct) {
            Some(Answer::Same(judged)) => *judged,
            _ => direct,
        };
        let templates = self.pods_of(judged);
        if templates.is_empty() {
            return Answer::Open;
        }
        if owned.ended {
            return Answer::Same(judged);
        }
        let model = match owned.by {
            By::StaticPod { .. } => Model::Static,
            By::Controller { owner, .. } => Model::Template(maker(owner.kind)),
        };
        for own in owned.pods {
            let mut nearest = None;
            let mut found = templates.iter().map(|template| difference(&own.pod, &template.pod, model));
            if !found.any(|found| found.map(|found| nearest = nearest.take().or(Some(found))).is_none()) {
                return nearest.map_or(Answer::Open, |nearest| Answer::Differs(judged, nearest));
            }
        }
        Answer::Same(judged)
    }

    /// The uppermost controller that is known above something.
    fn uppermost(&self, position: usize) -> Option<Owner<'a>> {
        let above = std::iter::successors(Some(position), |&position| self.owned_owner(position));
        match self.owned[above.take(DEPTH).last()?].by {
            By::Controller { owner, .. } => Some(owner),
            By::StaticPod { .. } => None,
        }
    }
}

/// Whether two objects of one owner hold the same pods.
fn says_the_same(one: &Owned<'_, '_>, other: &Owned<'_, '_>) -> bool {
    let same = |(a, b): (&Workload<'_>, &Workload<'_>)| {
        let (a, b): (&Pod<'_>, &Pod<'_>) = (&a.pod, &b.pod);
        difference(a, b, Model::Peer).is_none()
    };
    one.pods.len() == other.pods.len() && one.pods.iter().zip(other.pods).all(same)
}
