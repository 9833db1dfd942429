//! The evidence as a whole: reading objects out of files, and finding them again by kind and name.

use std::cmp::Ordering;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use seaworthy_document::{Stream, Value};

use crate::access::Access;
use crate::collection::Collection;
use crate::component::{self, Component};
use crate::diagnostic::Diagnostic;
use crate::distribution::Distribution;
use crate::network::Network;
use crate::object::Object;
use crate::origin::Origin;
use crate::owner::{Kinship, Owners, is_mirror};
use crate::read::{FileEvidence, read_file};
use crate::workload::Workload;

/// A text and the name under which a person knows it.
#[derive(Debug)]
pub struct SourceFile {
    /// Path as given or found, with `/`; `-` for standard input. Of a rendered text, the file that the folder of the
    /// chart or overlay is known by.
    pub name: String,
    /// Its documents.
    pub stream: Stream,
    /// Where it comes from, when it was rendered.
    pub origin: Option<Box<Origin>>,
    /// It lies inside another one: see [`embedded_files`](crate::embedded_files).
    pub embedded: bool,
    /// Somebody wrote it, as opposed to what Seaworthy itself has gathered of a cluster: it cannot say that there is
    /// nothing beside it.
    pub written: bool,
}

impl SourceFile {
    /// A file that somebody wrote.
    pub fn written(name: impl Into<String>, stream: Stream) -> SourceFile {
        SourceFile { written: true, ..SourceFile::new(name, stream) }
    }

    /// A text that was gathered.
    pub fn new(name: impl Into<String>, stream: Stream) -> SourceFile {
        SourceFile { name: name.into(), stream, origin: None, embedded: false, written: false }
    }

    /// A text that was rendered.
    pub fn rendered(name: impl Into<String>, stream: Stream, origin: Origin) -> SourceFile {
        SourceFile { origin: Some(Box::new(origin)), ..SourceFile::written(name, stream) }
    }
}

/// Objects of one name among which the nearest is still looked for: a search must not cost more the more copies of
/// something lie about.
const MANY: usize = 64;

/// The answer of a search by name.
#[derive(Clone, Copy, Debug)]
pub enum Found<'e, 'a> {
    /// There is exactly one, or one that is plainly meant (same file or same folder).
    One(&'e Object<'a>),
    /// The evidence holds none.
    None,
    /// Several objects bear the name, and nothing tells which one is meant.
    Several,
}

/// Everything that was read, indexed.
#[derive(Debug)]
pub struct Evidence<'a> {
    pub(crate) files: Vec<&'a SourceFile>,
    pub(crate) objects: Vec<Object<'a>>,
    /// All pods and templates that objects hold.
    pub(crate) held: Vec<Workload<'a>>,
    /// Those that are judged, without what their owners stand for.
    pub(crate) workloads: Vec<Workload<'a>>,
    pub(crate) owners: Owners<'a>,
    /// Components as each object shows them, before they are put together.
    pub(crate) declared: Vec<Component<'a>>,
    pub(crate) components: Vec<Component<'a>>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Documents that are no Kubernetes objects.
    pub(crate) foreign_documents: usize,
    pub(crate) documents: usize,
    pub(crate) indexes: Indexes<'a>,
    pub(crate) access: Access<'a>,
    pub(crate) network: Network<'a>,
    pub(crate) collection: Option<Collection<'a>>,
    pub(crate) distribution: Option<Distribution>,
    /// The network before that.
    pub(crate) former_network: Network<'a>,
    /// Whether the network is to be made anew: see [`settle`](Evidence::settle).
    pub(crate) unsettled: bool,
}

/// Positions of objects, by what they are looked for.
#[derive(Debug, Default)]
pub(crate) struct Indexes<'a> {
    /// All objects, sorted by kind, namespace, name, and their place in the evidence: what is looked for is a run.
    pub(crate) sorted: Vec<u32>,
    /// Subjects of bindings that are service accounts, by the account's name, with the binding.
    pub(crate) accounts: FxHashMap<&'a str, Vec<(u32, Value<'a>)>>,
    /// Objects of configuration files, by the kind and the last part of the path of their file.
    pub(crate) configurations: FxHashMap<(&'a str, &'a str), Vec<u32>>,
}

/// Whether an object is the configuration of a program rather than something that an API server holds.
pub(crate) fn is_configuration(object: &Object<'_>) -> bool {
    object.group().ends_with("k8s.io") && object.metadata().is_none()
        || object.group() == "audit.k8s.io"
        || object.is("", "Config")
}

impl<'a> Indexes<'a> {
    fn new(objects: &[Object<'a>], files: &[&'a SourceFile]) -> Indexes<'a> {
        let mut sorted: Vec<u32> = (0..objects.len() as u32).collect();
        sorted.par_sort_unstable_by_key(|&index| sort_key(objects, index));
        let configurations = Indexes::configurations(objects, files);
        Indexes { sorted, accounts: Indexes::accounts(objects), configurations }
    }

    pub(crate) fn accounts(objects: &[Object<'a>]) -> FxHashMap<&'a str, Vec<(u32, Value<'a>)>> {
        let mut accounts: FxHashMap<&'a str, Vec<(u32, Value<'a>)>> = FxHashMap::default();
        for (index, object) in objects.iter().enumerate() {
            if object.group() == "rbac.authorization.k8s.io" && object.kind.ends_with("Binding") {
                for subject in object.value.get("subjects").iter().flat_map(Value::items) {
                    if let Some(account) = account_of(&subject) {
                        accounts.entry(account).or_default().push((index as u32, subject));
                    }
                }
            }
        }
        accounts
    }

    pub(crate) fn configurations(
        objects: &[Object<'a>],
        files: &[&'a SourceFile],
    ) -> FxHashMap<(&'a str, &'a str), Vec<u32>> {
        let mut configurations: FxHashMap<(&'a str, &'a str), Vec<u32>> = FxHashMap::default();
        for (index, object) in objects.iter().enumerate().filter(|(_, object)| is_configuration(object)) {
            let file = last_part(&files[object.file as usize].name);
            configurations.entry((object.kind, file)).or_default().push(index as u32);
        }
        configurations
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What objects are sorted by in [`Indexes::sorted`].
pub(crate) fn sort_key<'a>(objects: &[Object<'a>], index: u32) -> (&'a str, Option<&'a str>, &'a str, u32) {
    let Object { kind, namespace, name, .. } = objects[index as usize];
    (kind, namespace, name, index)
}

/// The name of the service account that a subject of a binding is, also when it is written as a user.
fn account_of<'a>(subject: &Value<'a>) -> Option<&'a str> {
    let name = subject.get("name")?.as_str()?;
    match subject.get("kind")?.as_str()? {
        "ServiceAccount" => Some(name),
        "User" => Some(name.strip_prefix("system:serviceaccount:")?.split_once(':')?.1),
        _ => None,
    }
}

impl<'a> Evidence<'a> {
    /// Finds the objects and pods in all files.
    pub fn new(files: &'a [SourceFile]) -> Evidence<'a> {
        let parts: Vec<FileEvidence<'a>> = files
            .par_iter()
            .enumerate()
            .with_min_len(16)
            .map(|(index, file)| read_file(index as u32, file))
            .collect();
        let mut objects = Vec::with_capacity(parts.iter().map(|part| part.objects.len()).sum());
        let mut held = Vec::with_capacity(parts.iter().map(|part| part.workloads.len()).sum());
        let mut declared = Vec::new();
        let mut diagnostics = Vec::new();
        let (mut documents, mut foreign_documents) = (0, 0);
        for part in parts {
            let first = objects.len() as u32;
            objects.extend(part.objects);
            let added = part.workloads.into_iter();
            held.extend(added.map(|workload| Workload { object: workload.object + first, ..workload }));
            declared.extend(
                part.components
                    .into_iter()
                    .map(|component| Component { object: component.object + first, ..component }),
            );
            diagnostics.extend(part.diagnostics);
            documents += part.documents;
            foreign_documents += part.foreign;
        }
        let files: Vec<&'a SourceFile> = files.iter().collect();
        let (indexes, access) =
            rayon::join(|| Indexes::new(&objects, &files), || Access::new(&files, &objects));
        let owners = Owners::new(&files, &objects, &held, &indexes.sorted);
        let workloads = judged(&held, &objects, &owners);
        let collection = Collection::among(&objects, &files);
        let distribution = Distribution::of(collection.as_ref(), &objects);
        let (components, network) = rayon::join(
            || {
                component::all(
                    running(&declared, &objects, &owners),
                    &objects,
                    &files,
                    collection.as_ref(),
                    distribution.as_ref(),
                )
            },
            || Network::new(&files, &objects, &workloads),
        );
        Evidence {
            files,
            objects,
            held,
            workloads,
            owners,
            declared,
            components,
            diagnostics,
            foreign_documents,
            documents,
            indexes,
            access,
            network,
            collection,
            former_network: Network::default(),
            distribution,
            unsettled: false,
        }
    }

    /// The files, as given.
    pub fn files(&self) -> &[&'a SourceFile] {
        &self.files
    }

    /// All objects, in the order of files and documents.
    pub fn objects(&self) -> &[Object<'a>] {
        &self.objects
    }

    /// All pods and pod templates that are judged, in the same order: those that say what the template of their owner
    /// says are left out, since that stands for them.
    pub fn workloads(&self) -> &[Workload<'a>] {
        &self.workloads
    }

    /// Whether the owner of an object, or an equal pod, is judged in its place.
    pub fn is_represented(&self, object: &Object<'a>) -> bool {
        self.owners.represents(object)
    }

    /// Number of objects in whose place their owner is judged, or an equal pod.
    pub fn represented_count(&self) -> usize {
        self.owners.represented()
    }

    /// How an object that a controller made stands to it, when it is judged all the same.
    pub fn kinship(&self, object: &Object<'a>) -> Option<&Kinship<'a>> {
        self.owners.kinship(object)
    }

    /// The object that holds a pod.
    pub fn owner(&self, workload: &Workload<'a>) -> &Object<'a> {
        &self.objects[workload.object as usize]
    }

    /// All components of the control plane and of nodes, in the order of the objects that start or configure them.
    pub fn components(&self) -> &[Component<'a>] {
        &self.components
    }

    /// The object that starts or configures a component.
    pub fn owner_of(&self, component: &Component<'a>) -> &Object<'a> {
        &self.objects[component.object as usize]
    }

    /// Pods and policies by namespace: who may talk to whom. After a change it is empty until
    /// [`settle`](Evidence::settle).
    pub fn network(&self) -> &Network<'a> {
        &self.network
    }

    /// The object of a component in which a value stands: with drop-ins that may be another file than the one that
    /// stands for it.
    pub fn source_of(&self, component: &Component<'a>, value: &Value<'a>) -> &Object<'a> {
        let holds = |object: &&Object<'a>| {
            std::ptr::eq(object.value.stream(), value.stream()) && object.value.id() <= value.id()
        };
        let sources = component.sources().map(|index| &self.objects[index as usize]);
        sources.filter(holds).max_by_key(|object| object.value.id()).unwrap_or(self.owner_of(component))
    }

    /// What is wrong with the files.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Number of documents that were read, Kubernetes or not.
    pub fn document_count(&self) -> usize {
        self.documents
    }

    /// Number of documents that are no Kubernetes objects.
    pub fn foreign_document_count(&self) -> usize {
        self.foreign_documents
    }

    /// All objects of a kind (of any group), sorted by namespace and name.
    pub fn of_kind<'e>(&'e self, kind: &str) -> impl Iterator<Item = &'e Object<'a>> + use<'e, 'a> {
        self.objects_at(self.positions(|object| object.kind.cmp(kind)))
    }

    /// All objects of a kind in a namespace, sorted by name; `None` means those that name no namespace.
    pub fn in_namespace<'e>(
        &'e self,
        kind: &str,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = &'e Object<'a>> + use<'e, 'a> {
        self.objects_at(self.positions(|object| (object.kind, object.namespace).cmp(&(kind, namespace))))
    }

    /// All objects of a kind and name in a namespace (`None` for kinds that have none), in the order of their files.
    pub fn called<'e>(
        &'e self,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> impl Iterator<Item = &'e Object<'a>> + use<'e, 'a> {
        self.objects_at(self.called_at(kind, namespace, name))
    }

    /// The positions of these objects.
    pub(crate) fn called_at(&self, kind: &str, namespace: Option<&str>, name: &str) -> &[u32] {
        let identity = (kind, namespace, name);
        self.positions(|object| (object.kind, object.namespace, object.name).cmp(&identity))
    }

    /// The objects at some positions.
    fn objects_at<'e>(&'e self, positions: &'e [u32]) -> impl Iterator<Item = &'e Object<'a>> + use<'e, 'a> {
        positions.iter().map(|&index| &self.objects[index as usize])
    }

    /// The positions of the objects that compare equal, a run of the sorted ones.
    fn positions(&self, compare: impl Fn(&Object<'_>) -> Ordering) -> &[u32] {
        let sorted = &self.indexes.sorted;
        let start = sorted.partition_point(|&index| compare(&self.objects[index as usize]).is_lt());
        let length = sorted[start..].partition_point(|&index| compare(&self.objects[index as usize]).is_eq());
        &sorted[start..start + length]
    }

    /// The subjects of role bindings that are service accounts of a name, in any namespace, each with its binding.
    pub fn bindings_of<'e>(
        &'e self,
        account: &str,
    ) -> impl Iterator<Item = (&'e Object<'a>, Value<'a>)> + use<'e, 'a> {
        let subjects = self.indexes.accounts.get(account).into_iter().flatten();
        subjects.map(|(binding, subject)| (&self.objects[*binding as usize], *subject))
    }

    /// What the roles and bindings in the evidence grant to whom.
    pub fn access(&self) -> &Access<'a> {
        &self.access
    }

    /// The object of a kind and name that `from` means when it names it, in its own namespace.
    pub fn named<'e>(&'e self, kind: &str, name: &str, from: &Object<'a>) -> Found<'e, 'a> {
        let identity = (kind, from.namespace, name);
        let positions = self.positions(|object| (object.kind, object.namespace, object.name).cmp(&identity));
        self.nearest(positions, from)
    }

    /// The configuration of a kind that stands in a file of the same name as `path`, which lies on some node: what the flag
    /// of a component names.
    pub fn in_file_called<'e>(&'e self, kind: &str, path: &str, from: &Object<'a>) -> Found<'e, 'a> {
        let key = (kind, last_part(path));
        let positions = self.indexes.configurations.get(&key).map_or(&[][..], Vec::as_slice);
        self.nearest(positions, from)
    }

    /// The configuration of a kind in the file that a flag of a component names. Of what runs on a node, the file of that
    /// path on that node; where nobody knows the node, the file of that path on the only node that has it.
    pub fn file_of<'e>(&'e self, component: &Component<'a>, kind: &str, path: &str) -> Found<'e, 'a> {
        let key = (kind, last_part(path));
        let positions = self.indexes.configurations.get(&key).map_or(&[][..], Vec::as_slice);
        let place = |position: &u32| {
            let object = &self.objects[*position as usize];
            component::node_of(&self.files[object.file as usize].name)
        };
        // A path that does not start at the root starts at a folder which nobody knows.
        let is_meant = |of: &str| if path.starts_with('/') { of == path } else { of.ends_with(path) };
        let on_nodes = positions.iter().filter(|position| match (place(position), component.node()) {
            (Some((node, of)), Some(own)) => node == own && is_meant(of),
            (Some((_, of)), None) => is_meant(of),
            (None, _) => false,
        });
        let mut on_nodes = on_nodes.map(|position| &self.objects[*position as usize]);
        match (on_nodes.next(), on_nodes.next()) {
            (Some(one), None) => return Found::One(one),
            (Some(_), Some(_)) => return Found::Several,
            (None, _) => {}
        }
        let elsewhere: Vec<u32> =
            positions.iter().copied().filter(|position| place(position).is_none()).collect();
        self.nearest(&elsewhere, self.owner_of(component))
    }

    /// The one of some objects that `from` means: the only one in its file, else beside it, else anywhere. The
    /// positions stand in the order of files.
    fn nearest<'e>(&'e self, positions: &[u32], from: &Object<'a>) -> Found<'e, 'a> {
        let object = |position: &u32| &self.objects[*position as usize];
        // Objects stand in the order of their files.
        let first = positions.partition_point(|position| object(position).file < from.file);
        let mut near = positions[first..].iter().map(object).take_while(|object| object.file == from.file);
        match (near.next(), near.next()) {
            (Some(one), None) => return Found::One(one),
            (Some(_), Some(_)) => return Found::Several,
            _ => {}
        }
        if positions.len() > MANY {
            return Found::Several;
        }
        let folder = |object: &Object<'a>| {
            let name = self.files[object.file as usize].name.as_str();
            name.rsplit_once('/').map_or("", |(folder, _)| folder)
        };
        let mut beside = positions.iter().map(object).filter(|object| folder(object) == folder(from));
        match (beside.next(), beside.next()) {
            (Some(one), None) => return Found::One(one),
            (Some(_), Some(_)) => return Found::Several,
            _ => {}
        }
        let mut anywhere = positions.iter().map(object);
        match (anywhere.next(), anywhere.next()) {
            (None, _) => Found::None,
            (Some(one), None) => Found::One(one),
            (Some(_), Some(_)) => Found::Several,
        }
    }
}

/// The components that no owner shows as well. Mirrors of static pods are kept: they tell on which node the files run.
pub(crate) fn running<'a>(
    declared: &[Component<'a>],
    objects: &[Object<'a>],
    owners: &Owners<'a>,
) -> Vec<Component<'a>> {
    let stands = |component: &&Component<'a>| {
        let object = &objects[component.object as usize];
        !owners.represents(object) || is_mirror(object)
    };
    declared.iter().filter(stands).cloned().collect()
}

/// The pods that are judged themselves.
pub(crate) fn judged<'a>(
    held: &[Workload<'a>],
    objects: &[Object<'a>],
    owners: &Owners<'a>,
) -> Vec<Workload<'a>> {
    let stands = |workload: &&Workload<'a>| !owners.represents(&objects[workload.object as usize]);
    held.iter().filter(stands).copied().collect()
}
