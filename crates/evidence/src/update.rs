//! Keeping evidence up to date while somebody edits a file, without reading the others again.

use std::ops::Range;

use crate::access::Access;
use crate::collection::{self, Collection};
use crate::component::{self, Component};
use crate::diagnostic::Diagnostic;
use crate::distribution::Distribution;
use crate::index::{Evidence, Indexes, SourceFile, is_configuration, judged, running, sort_key};
use crate::network::Network;
use crate::object::Object;
use crate::owner::Owners;
use crate::read::read_file;
use crate::workload::Workload;

impl<'a> Evidence<'a> {
    /// Adds a file behind the others and returns its index.
    pub fn add(&mut self, file: &'a SourceFile) -> u32 {
        let index = self.files.len() as u32;
        self.files.push(file);
        self.take_in(index, file);
        index
    }

    /// Puts a file in the place of the one at `index`. After
    /// [`settle`](Evidence::settle) the result is that of reading all files again.
    ///
    /// # Panics
    /// When there is no file at `index`.
    pub fn replace(&mut self, index: u32, file: &'a SourceFile) {
        let former = std::mem::replace(&mut self.files[index as usize], file);
        let former = read_file(index, former);
        self.documents -= former.documents;
        self.foreign_documents -= former.foreign;
        self.take_in(index, file);
    }

    /// Makes up for what [`add`](Evidence::add) and [`replace`](Evidence::replace) put off, since it takes long and
    /// typing must not wait for it: [`network`](Evidence::network).
    pub fn settle(&mut self) {
        if self.unsettled {
            self.former_network = Network::default();
            self.network = Network::new(&self.files, &self.objects, &self.workloads);
            self.unsettled = false;
        }
    }

    /// Puts what a file holds in the place of all that is there of the file of its index.
    fn take_in(&mut self, index: u32, file: &'a SourceFile) {
        let part = read_file(index, file);
        self.documents += part.documents;
        self.foreign_documents += part.foreign;

        let old = run(&self.objects, |object| object.file, index..index + 1);
        let about_access = |objects: &[Object<'a>]| objects.iter().any(Access::concerns);
        let other_access = about_access(&part.objects) || about_access(&self.objects[old.clone()]);
        let about_network = |objects: &[Object<'a>]| objects.iter().any(Network::concerns);
        let mut other_network = about_network(&part.objects) || about_network(&self.objects[old.clone()]);
        let other_configurations =
            part.objects.iter().chain(&self.objects[old.clone()]).any(is_configuration);
        let told_of_cluster = self.objects[old.clone()].iter().any(tells_of_cluster);
        // With owners about, any object with pods can be the one that others are compared with.
        let owned = |objects: &[Object<'a>]| objects.iter().any(Owners::concerns);
        let other_owners =
            !self.owners.is_empty() || owned(&part.objects) || owned(&self.objects[old.clone()]);
        let positions = old.start as u32..old.end as u32;
        let shift = Shift { behind: positions.end, by: part.objects.len() as i64 - old.len() as i64 };
        let first = positions.start;
        let with_pods = run(&self.held, |workload| workload.object, positions.clone());
        let with_pods = self.held[with_pods].iter().map(|workload| &self.objects[workload.object as usize]);
        let with_pods = with_pods.chain(part.workloads.iter().map(|new| &part.objects[new.object as usize]));
        let one_namespace = one(with_pods.map(|object| object.namespace)).flatten();
        self.objects.splice(old, part.objects);
        let new = first..(i64::from(positions.end) + shift.by) as u32;

        let old = run(&self.held, |workload| workload.object, positions.clone());
        let other_workloads = !old.is_empty() || !part.workloads.is_empty();
        other_network |= other_workloads;
        let added = part.workloads.into_iter();
        let added = added.map(|workload| Workload { object: workload.object + first, ..workload });
        let end = old.start + added.len();
        self.held.splice(old, added);
        self.held[end..].iter_mut().for_each(|workload| shift.apply(&mut workload.object));

        let old = run(&self.declared, |component| component.object, positions.clone());
        let other_components = !old.is_empty() || !part.components.is_empty();
        let added = part.components.into_iter();
        let added = added.map(|component| Component { object: component.object + first, ..component });
        let end = old.start + added.len();
        self.declared.splice(old, added);
        self.declared[end..].iter_mut().for_each(|component| shift.apply(&mut component.object));

        let old = run(&self.diagnostics, |diagnostic: &Diagnostic| diagnostic.file, index..index + 1);
        self.diagnostics.splice(old, part.diagnostics);

        let new_objects = new.start as usize..new.end as usize;
        self.update_sorted(positions, new, shift);
        let other_owners = other_owners && other_workloads;
        if other_owners {
            let (files, objects, sorted) = (&self.files, &self.objects, &self.indexes.sorted);
            match one_namespace {
                Some(namespace) => {
                    self.owners.update(namespace, index, files, objects, &self.held, sorted);
                }
                None => self.owners = Owners::new(files, objects, &self.held, sorted),
            }
        }
        if other_workloads || shift.by != 0 {
            self.workloads = judged(&self.held, &self.objects, &self.owners);
        }
        // What concerns roles, networks, configurations and components alone is made anew only where they are concerned.
        if other_access {
            self.indexes.accounts = Indexes::accounts(&self.objects);
            self.access = Access::new(&self.files, &self.objects);
        } else {
            let bindings = self.indexes.accounts.values_mut().flatten();
            bindings.for_each(|(binding, _)| shift.apply(binding));
            self.access.positions_mut().for_each(|position| shift.apply(position));
        }
        if other_configurations {
            self.indexes.configurations = Indexes::configurations(&self.objects, &self.files);
        } else {
            let positions = self.indexes.configurations.values_mut().flatten();
            positions.for_each(|position| shift.apply(position));
        }
        if other_network {
            // Letting go of it takes as long as everything else here.
            let former = std::mem::take(&mut self.network);
            if !std::mem::replace(&mut self.unsettled, true) {
                self.former_network = former;
            }
        } else {
            self.network.positions_mut().for_each(|position| shift.apply(position));
        }
        let new_objects = &self.objects[new_objects];
        if new_objects.iter().any(|object| object.group() == collection::GROUP) || told_of_cluster {
            self.collection = Collection::among(&self.objects, &self.files);
        }
        let other_cluster =
            self.collection.is_some() && new_objects.iter().any(tells_of_cluster) || told_of_cluster;
        let declares = |component: &Component<'a>| {
            one_namespace.is_none() || self.objects[component.object as usize].namespace == one_namespace
        };
        let other_owners = other_owners && self.declared.iter().any(declares);
        if other_components || other_owners || other_cluster {
            self.distribution = Distribution::of(self.collection.as_ref(), &self.objects);
            self.components = component::all(
                running(&self.declared, &self.objects, &self.owners),
                &self.objects,
                &self.files,
                self.collection.as_ref(),
                self.distribution.as_ref(),
            );
        } else {
            self.components.iter_mut().for_each(|component| move_positions(component, shift));
        }
    }

    fn update_sorted(&mut self, old: Range<u32>, new: Range<u32>, shift: Shift) {
        let objects = &self.objects;
        let kept = &mut self.indexes.sorted;
        kept.retain(|index| !old.contains(index));
        kept.iter_mut().for_each(|index| shift.apply(index));
        let mut added: Vec<u32> = new.collect();
        added.sort_unstable_by_key(|&index| sort_key(objects, index));
        let mut sorted = Vec::with_capacity(objects.len());
        let mut rest = kept.as_slice();
        for new in added {
            let before = rest.partition_point(|&index| sort_key(objects, index) < sort_key(objects, new));
            let (smaller, larger) = rest.split_at(before);
            sorted.extend_from_slice(smaller);
            sorted.push(new);
            rest = larger;
        }
        sorted.extend_from_slice(rest);
        self.indexes.sorted = sorted;
    }
}

/// What all of some are; `None` when they differ or there are none.
fn one<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// Whether what a cluster must have depends on an object: its record, its nodes, what made it.
fn tells_of_cluster(object: &Object<'_>) -> bool {
    object.group() == collection::GROUP || object.is("", "Node") || object.is("", "ConfigMap")
}

/// Moves the positions of objects in a component and in those that it outranks, which outrank nothing themselves.
fn move_positions(component: &mut Component<'_>, shift: Shift) {
    let outranked = &mut component.outranked;
    for (object, sources) in std::iter::once((&mut component.object, &mut component.sources))
        .chain(outranked.iter_mut().map(|other| (&mut other.object, &mut other.sources)))
    {
        shift.apply(object);
        sources.iter_mut().for_each(|source| shift.apply(source));
    }
}

/// The run of items, sorted by a number, whose number is in a range.
fn run<T>(items: &[T], number: impl Fn(&T) -> u32, range: Range<u32>) -> Range<usize> {
    let start = items.partition_point(|item| number(item) < range.start);
    let end = items.partition_point(|item| number(item) < range.end);
    start..end
}

/// How positions of objects move when others before them come or go.
#[derive(Clone, Copy)]
struct Shift {
    behind: u32,
    by: i64,
}

impl Shift {
    fn apply(self, position: &mut u32) {
        if *position >= self.behind {
            *position = (i64::from(*position) + self.by) as u32;
        }
    }
}
