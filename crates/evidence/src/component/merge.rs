//! One component for each program of each node, whatever the number of sources that speak of it.
//!
//! Sources by rank, from the one that knows best: what the running program tells, its process, the pod that the API server
//! shows, a file on the node, what an installer keeps in a ConfigMap. Files that somebody wrote are none of these: each
//! is a component of its own.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Component, Program, Setup, drop_ins, node};
use crate::configuration;
use crate::index::SourceFile;
use crate::object::Object;

/// How much a source knows of the component as it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Unread,
    Installer,
    /// A kubelet told its flags but not its configuration.
    Partial,
    File,
    Pod,
    Process,
    Running,
}

/// Puts together what is said of one program: its drop-ins, its configuration files, and its sources by rank. Objects
/// stand in the order of their files, and so do drop-ins.
pub(crate) fn merge<'a>(
    components: Vec<Component<'a>>,
    objects: &[Object<'a>],
    files: &[&'a SourceFile],
) -> Vec<Component<'a>> {
    let view = View { objects, files };
    let components = view.give_files_to_processes(components);
    let components = drop_ins::merge(components, objects, files);
    view.rank(components)
}

struct View<'e, 'a> {
    objects: &'e [Object<'a>],
    files: &'e [&'a SourceFile],
}

impl<'e, 'a> View<'e, 'a> {
    fn object(&self, component: &Component<'a>) -> &'e Object<'a> {
        &self.objects[component.object as usize]
    }

    fn name(&self, component: &Component<'a>) -> &'a str {
        let file: &'a SourceFile = self.files[self.object(component).file as usize];
        &file.name
    }

    /// The rank of a source of a live cluster or node; `None` for files that somebody wrote.
    fn rank_of(&self, component: &Component<'a>) -> Option<Rank> {
        let object = self.object(component);
        let name = self.name(component);
        if component.setup == Setup::Unread {
            return Some(Rank::Unread);
        }
        match object.kind {
            "ComponentReading" => return Some(running_rank(component)),
            "NodeReading" => return Some(Rank::Process),
            _ => {}
        }
        if node_of(name).is_some() {
            return Some(Rank::File);
        }
        if name.starts_with("/api/v1/namespaces/kube-system/configmaps/") {
            // The pods of kube-proxy read theirs from the ConfigMap: that one is in force.
            return (component.program != Program::KubeProxy).then_some(Rank::Installer);
        }
        (name.starts_with("/api/") && component.node.is_some()).then_some(Rank::Pod)
    }

    /// Gives the configuration files of nodes to the processes whose flags name them.
    fn give_files_to_processes(&self, components: Vec<Component<'a>>) -> Vec<Component<'a>> {
        let is_file = |component: &Component<'a>| {
            component.setup == Setup::ConfigurationFile && node_of(self.name(component)).is_some()
        };
        let (mut of_nodes, mut rest): (Vec<_>, Vec<_>) = components.into_iter().partition(is_file);
        self.give_files_to_etcd(&mut rest);
        if of_nodes.is_empty() {
            return rest;
        }
        of_nodes.sort_by_key(|file| self.name(file));
        let mut given = vec![false; of_nodes.len()];
        for process in &mut rest {
            if self.object(process).kind != "NodeReading" || node::lacks_files(process) {
                continue;
            }
            for name in ["config", "config-dir"] {
                let Some(path) = process.flags.iter().rev().find(|flag| flag.is(name)).map(|flag| flag.value)
                else {
                    continue;
                };
                for (index, file) in of_nodes.iter().enumerate() {
                    let Some((node, of)) = node_of(self.name(file)) else { continue };
                    if process.program == file.program && process.node == Some(node) && names(name, path, of)
                    {
                        process.configuration.extend(file.configuration.iter().copied());
                        process.sources.push(file.object);
                        given[index] = true;
                    }
                }
            }
        }
        rest.extend(of_nodes.into_iter().zip(given).filter(|(_, given)| !given).map(|(file, _)| file));
        rest
    }

    /// Gives the configuration files of etcd to the processes whose flags name them, in the place of all their flags.
    fn give_files_to_etcd(&self, components: &mut Vec<Component<'a>>) {
        let (files, mut rest): (Vec<_>, Vec<_>) =
            std::mem::take(components).into_iter().partition(|component| {
                self.object(component).kind == configuration::ETCD && node_of(self.name(component)).is_some()
            });
        for file in files {
            let process = rest.iter_mut().find(|process| {
                self.object(process).kind == "NodeReading"
                    && process.program == Program::Etcd
                    && value_of(process, "config-file")
                        .zip(process.node)
                        .is_some_and(|(path, node)| node_of(self.name(&file)) == Some((node, path)))
            });
            match process {
                Some(process) => {
                    process.sources.push(file.object);
                    process.flags = file.flags;
                }
                None => rest.push(file),
            }
        }
        *components = rest;
    }

    /// Leaves one component for each program of each node.
    fn rank(&self, components: Vec<Component<'a>>) -> Vec<Component<'a>> {
        let owned = self.owned(&components);
        let mut kept = Vec::new();
        let mut groups: FxHashMap<(Program, &str), Vec<(Rank, Component<'a>)>> = FxHashMap::default();
        let mut roaming = Vec::new();
        let mut installed = Vec::new();
        for mut component in components {
            // A static pod names no node: its file lies on one.
            component.node = component.node.or(node_of(self.name(&component)).map(|(node, _)| node));
            match (self.rank_of(&component), component.node) {
                (Some(Rank::Pod), _) if owned.contains(&component.object) => {}
                (Some(Rank::Installer), _) => installed.push(component),
                (Some(rank), Some(node)) => {
                    groups.entry((component.program, node)).or_default().push((rank, component));
                }
                (Some(rank), None) => roaming.push((rank, component)),
                (None, _) => kept.push(component),
            }
        }
        let mut live: FxHashSet<Program> = kept
            .iter()
            .filter(|component| self.name(component).starts_with("/api"))
            .map(|component| component.program)
            .collect();
        for (rank, component) in roaming {
            // Which of several servers answered is told by its own address alone.
            let nodes = groups.iter().filter(|((program, _), _)| *program == component.program);
            let mut nodes: Vec<&str> = nodes.map(|((_, node), _)| *node).collect();
            nodes.sort_unstable();
            let address = value_of(&component, "advertise-address");
            let has = |node: &str, wanted: &dyn Fn(Option<&str>) -> bool| {
                let group = &groups[&(component.program, node)];
                group.iter().any(|(_, other)| wanted(value_of(other, "advertise-address")))
            };
            let node = match nodes.as_slice() {
                [node] if has(node, &|other| other.is_none() || address.is_none() || other == address) => {
                    Some(*node)
                }
                nodes => nodes
                    .iter()
                    .copied()
                    .find(|node| address.is_some() && has(node, &|other| other == address)),
            };
            match node {
                Some(node) => {
                    let group = groups.entry((component.program, node)).or_default();
                    group.push((rank, Component { node: Some(node), ..component }));
                }
                None if rank == Rank::Unread && !nodes.is_empty() => {}
                None => {
                    live.insert(component.program);
                    kept.push(component);
                }
            }
        }
        for group in groups.into_values() {
            kept.extend(winners(group).inspect(|winner| {
                live.insert(winner.program);
            }));
        }
        for component in installed {
            let mut others = kept
                .iter_mut()
                .filter(|other| other.program == component.program && other.setup != Setup::Unread);
            if !live.contains(&component.program) || others.next().is_none() {
                kept.push(component);
                continue;
            }
            for other in kept.iter_mut().filter(|other| other.program == component.program) {
                other.outranked.push(component.clone());
            }
        }
        kept.sort_by_key(|component| (component.object, component.program, component.settings.id()));
        kept
    }

    /// The pods that some other object keeps, a DaemonSet say, which is a component itself.
    fn owned(&self, components: &[Component<'a>]) -> FxHashSet<u32> {
        let named: FxHashSet<(Option<&str>, &str, &str)> = components
            .iter()
            .map(|component| self.object(component))
            .map(|object| (object.namespace, object.kind, object.name))
            .collect();
        let is_owned = |component: &&Component<'a>| {
            let object = self.object(component);
            let references = object.value.at(&["metadata", "ownerReferences"]);
            references.iter().flat_map(|list| list.items()).any(|owner| {
                let text = |key| owner.get(key).and_then(|value| value.as_str()).unwrap_or_default();
                named.contains(&(object.namespace, text("kind"), text("name")))
            })
        };
        components.iter().filter(is_owned).map(|component| component.object).collect()
    }
}

/// The sources of one program on one node that count, with those that do not.
fn winners<'a>(mut group: Vec<(Rank, Component<'a>)>) -> impl Iterator<Item = Component<'a>> {
    let processes = group.iter().filter(|(rank, _)| *rank == Rank::Process).count();
    group.sort_by_key(|(rank, component)| (std::cmp::Reverse(*rank), component.object));
    // Nothing tells which one of two processes of a program has answered.
    let counting = match group.first() {
        Some((Rank::Running, _)) if processes > 1 => processes + 1,
        Some((Rank::Process, _)) => processes,
        _ => 1,
    };
    let outranked = group.split_off(counting.min(group.len()));
    let outranked: Vec<_> = outranked.into_iter().map(|(_, component)| component).collect();
    group.into_iter().enumerate().map(move |(index, (_, mut component))| {
        if index == 0 {
            component.outranked.extend(outranked.iter().cloned());
        }
        component
    })
}

/// The rank of what a program tells: a kubelet that does not tell its configuration knows less than its files.
fn running_rank(component: &Component<'_>) -> Rank {
    match component.program {
        Program::Kubelet if component.lacks_configuration() => Rank::Partial,
        _ => Rank::Running,
    }
}

fn value_of<'a>(component: &Component<'a>, name: &str) -> Option<&'a str> {
    component.flags.iter().rev().find(|flag| flag.is(name)).map(|flag| flag.value)
}

/// The node and the path on it of a file that was read there: `nodes/n1/etc/kubernetes/x.yaml`.
pub(crate) fn node_of(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix("nodes/")?;
    let slash = rest.find('/')?;
    Some((&rest[..slash], &rest[slash..]))
}

/// Whether a flag names a file: itself, or the folder whose drop-ins the kubelet reads (`mergeKubeletConfigurations` of
/// `cmd/kubelet/app/server.go`: files that end with `.conf`, in folders below as well).
fn names(flag: &str, path: &str, file: &str) -> bool {
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return false;
    }
    let rest = if path.starts_with('/') {
        file.strip_prefix(path)
    } else {
        // A relative path starts at the working folder of the process.
        file.find(&format!("/{path}")).map(|at| &file[at + 1 + path.len()..])
    };
    match flag {
        "config" => rest == Some(""),
        _ => rest.is_some_and(|rest| rest.starts_with('/') && rest.ends_with(".conf")),
    }
}
