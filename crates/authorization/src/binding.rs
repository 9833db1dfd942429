//! Bindings, and the objects that a policy is made of.

use seaworthy_document::{Items, Value};

use crate::bootstrap::Descent;
use crate::grant::Place;

/// An object of `rbac.authorization.k8s.io` and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// `Role`, `ClusterRole`, `RoleBinding` or `ClusterRoleBinding`; others are left out.
    pub kind: &'a str,
    /// Its namespace, when it names one.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// The whole object.
    pub value: Value<'a>,
    /// The number of its file. Sources come in the order of their files.
    pub file: u32,
    /// The path of its file, with `/`.
    pub path: &'a str,
}

/// What the `roleRef` of a binding leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// This role; see [`Policy::role`](crate::Policy::role).
    Role(u32),
    /// A role that is neither among the sources nor built in.
    Missing,
    /// One of several roles of that name, and nothing tells which.
    Several,
    /// `roleRef` is missing or names no role.
    Unreadable,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Debug)]
pub struct Binding<'a> {
    /// Whether it is a ClusterRoleBinding.
    pub cluster_wide: bool,
    /// The namespace of a RoleBinding; `None` when the file leaves it open.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// The whole object.
    pub value: Value<'a>,
    /// Its number among the sources.
    pub source: u32,
    /// The number of its file.
    pub file: u32,
    /// The role that it binds.
    pub target: Target,
    /// How it relates to the built-in binding of its name.
    pub descent: Descent<'a>,
}

impl<'a> Binding<'a> {
    /// `subjects`, as they stand.
    pub fn subjects(&self) -> Items<'a> {
        // A value that is no list has no items.
        self.value.get("subjects").unwrap_or(self.value).items()
    }

    /// Where it grants rights.
    pub fn place(&self) -> Place<'a> {
        if self.cluster_wide { Place::Cluster } else { Place::Namespace(self.namespace) }
    }
}
