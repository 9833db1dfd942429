//! Roles and bindings among the objects, connected.

use rustc_hash::FxHashMap;
use seaworthy_authorization::{Binding, Policy, Role, Source};

use crate::index::SourceFile;
use crate::object::Object;

/// The group of roles and bindings.
const GROUP: &str = "rbac.authorization.k8s.io";

/// What roles and bindings grant to whom; see [`Policy`]. Objects lead to their roles and bindings and back.
#[derive(Debug)]
pub struct Access<'a> {
    policy: Policy<'a>,
    /// The objects that are roles and bindings, in their order: the sources of the policy.
    sources: Vec<u32>,
    /// The number of a source, by its file and the number of its value there.
    numbers: FxHashMap<(u32, u32), u32>,
    /// Service accounts by name, in any namespace: positions of objects.
    accounts: FxHashMap<&'a str, Vec<u32>>,
}

impl<'a> Access<'a> {
    pub(crate) fn new(files: &[&'a SourceFile], objects: &[Object<'a>]) -> Access<'a> {
        let mut sources = Vec::new();
        let mut numbers = FxHashMap::default();
        let mut accounts: FxHashMap<&'a str, Vec<u32>> = FxHashMap::default();
        for (index, object) in objects.iter().enumerate() {
            if object.group() == GROUP {
                numbers.insert((object.file, object.value.id()), sources.len() as u32);
                sources.push(index as u32);
            } else if object.kind == "ServiceAccount" && object.group().is_empty() {
                accounts.entry(object.name).or_default().push(index as u32);
            }
        }
        let policy =
            Policy::new(sources.iter().filter_map(|&index| objects.get(index as usize)).map(|object| {
                Source {
                    kind: object.kind,
                    namespace: object.namespace,
                    name: object.name,
                    value: object.value,
                    file: object.file,
                    path: files.get(object.file as usize).map_or("", |file| &file.name),
                }
            }));
        Access { policy, sources, numbers, accounts }
    }

    /// Whether an object is a part of this: a role, a binding or a service account.
    pub(crate) fn concerns(object: &Object<'_>) -> bool {
        object.group() == GROUP || (object.kind == "ServiceAccount" && object.group().is_empty())
    }

    /// Where its parts stand among the objects.
    pub(crate) fn positions_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        self.sources.iter_mut().chain(self.accounts.values_mut().flatten())
    }

    /// All roles and bindings.
    pub fn policy(&self) -> &Policy<'a> {
        &self.policy
    }

    /// The role that an object is; `None` for objects of other kinds.
    pub fn role(&self, object: &Object<'_>) -> Option<&Role<'a>> {
        self.policy.role_of_source(self.number(object)?)
    }

    /// The binding that an object is; `None` for objects of other kinds.
    pub fn binding(&self, object: &Object<'_>) -> Option<&Binding<'a>> {
        self.policy.binding_of_source(self.number(object)?)
    }

    /// Where the object of a source stands in [`Evidence::objects`](crate::Evidence::objects).
    pub fn position(&self, source: u32) -> Option<u32> {
        self.sources.get(source as usize).copied()
    }

    /// The service accounts of a name, in whatever namespaces: where they stand in
    /// [`Evidence::objects`](crate::Evidence::objects).
    pub fn accounts_called(&self, name: &str) -> &[u32] {
        self.accounts.get(name).map_or(&[], Vec::as_slice)
    }

    fn number(&self, object: &Object<'_>) -> Option<u32> {
        self.numbers.get(&(object.file, object.value.id())).copied()
    }
}
