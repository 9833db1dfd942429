//! The roles and bindings that every cluster has: those that the API server creates, and kubeadm's.
//!
//! An object is recognised by name **and** content: one that grants more than upstream's of that name is no built-in
//! one any more, whatever its labels say. One that grants less comes from an older version.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use seaworthy_document::{Stream, Value};

use crate::covers::{Covering, Single, covers};
use crate::role::{RoleKind, text};
use crate::rule::Rule;
use crate::selector;

/// Written by `testing/oracle/rbac` from `bootstrappolicy` of Kubernetes v1.36.3, with what any feature gate adds.
const BOOTSTRAP: &str = include_str!("bootstrap.json");

/// Written by hand after `cmd/kubeadm/app/phases` of Kubernetes v1.36.3: `addons`, `bootstraptoken`, `copycerts`,
/// `kubeconfig`, `kubelet` and `uploadconfig`.
const KUBEADM: &str = include_str!("kubeadm.json");

/// How an object relates to the built-in one of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descent<'a> {
    /// No built-in object has its name.
    Custom,
    /// It grants what upstream's does, or less.
    BuiltIn,
    /// It bears the name of a built-in role and grants more.
    Widened(Option<Single<'a>>),
    /// It bears the name of a built-in binding, and binds another role or other subjects.
    Rebound,
}

impl Descent<'_> {
    /// Whether it is what every cluster has.
    pub fn is_built_in(&self) -> bool {
        matches!(self, Descent::BuiltIn)
    }
}

/// A built-in role.
#[derive(Clone, Copy, Debug)]
pub struct BuiltInRole {
    /// Role or ClusterRole.
    pub kind: RoleKind,
    /// The namespace of a Role.
    pub namespace: Option<&'static str>,
    /// Its name.
    pub name: &'static str,
    /// The role, with `metadata.labels` as far as roles are aggregated by them.
    pub value: Value<'static>,
}

type Key<'a> = (&'a str, Option<&'a str>, &'a str);

struct Table {
    roles: Vec<BuiltInRole>,
    by_name: FxHashMap<Key<'static>, Value<'static>>,
}

fn table() -> &'static Table {
    static STREAMS: OnceLock<[Stream; 2]> = OnceLock::new();
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let streams = STREAMS.get_or_init(|| [Stream::read(BOOTSTRAP), Stream::read(KUBEADM)]);
        let roots = streams.iter().flat_map(|stream| stream.documents()).map(|document| document.root());
        let mut table = Table { roles: Vec::new(), by_name: FxHashMap::default() };
        for value in roots.filter_map(|root| root.get("items")).flat_map(|items| items.items()) {
            let Some((kind, namespace, name)) = identity(value) else { continue };
            table.by_name.insert((kind, namespace, name), value);
            if let Some(kind) = RoleKind::called(kind) {
                table.roles.push(BuiltInRole { kind, namespace, name, value });
            }
        }
        table
    })
}

fn identity<'a>(value: Value<'a>) -> Option<Key<'a>> {
    let metadata = value.get("metadata")?;
    Some((text(value, "kind")?, text(metadata, "namespace"), text(metadata, "name")?))
}

/// All built-in roles, in the order of kind, namespace and name.
pub fn roles() -> &'static [BuiltInRole] {
    &table().roles
}

/// The built-in object of a kind (`Role`, `ClusterRole`, `RoleBinding`, `ClusterRoleBinding`) and name.
pub fn named(kind: &str, namespace: Option<&str>, name: &str) -> Option<Value<'static>> {
    table().by_name.get(&(kind, namespace, name)).copied()
}

/// How a Role, ClusterRole, RoleBinding or ClusterRoleBinding relates to the built-in one of its name.
pub fn descent<'a>(kind: &str, namespace: Option<&str>, name: &str, value: Value<'a>) -> Descent<'a> {
    let Some(upstream) = named(kind, namespace, name) else { return Descent::Custom };
    match RoleKind::called(kind) {
        Some(_) => role_descent(upstream, value),
        None if is_within(upstream, value) => Descent::BuiltIn,
        None => Descent::Rebound,
    }
}

fn role_descent<'a>(upstream: Value<'static>, value: Value<'a>) -> Descent<'a> {
    let selectors = |role: Value<'a>| {
        role.at(&["aggregationRule", "clusterRoleSelectors"]).into_iter().flat_map(|list| list.items())
    };
    let mut own = selectors(value).peekable();
    if own.peek().is_some() {
        // The rules of an aggregated role are those of the roles selected: they are judged there.
        let upstream: Vec<_> = selectors(upstream).collect();
        return match own.all(|own| upstream.iter().any(|wide| selects_no_more(own, *wide))) {
            true => Descent::BuiltIn,
            false => Descent::Widened(None),
        };
    }
    let own = |role: Value<'a>| role.get("rules").into_iter().flat_map(|rules| rules.items()).map(Rule::new);
    let wanted: Vec<Rule<'a>> = own(value).collect();
    let mut upstream_rules: Vec<Rule<'a>> = own(upstream).collect();
    for selector in selectors(upstream) {
        let selected = roles()
            .iter()
            .filter(|role| selector::selects(selector, role.value.at(&["metadata", "labels"])) == Some(true));
        upstream_rules.extend(selected.flat_map(|role| own(role.value)));
    }
    match covers(&upstream_rules, &wanted) {
        Covering::Yes => Descent::BuiltIn,
        Covering::No(single) => Descent::Widened(Some(single)),
        Covering::TooLarge => Descent::Widened(None),
    }
}

/// Whether one selector asks for at least the labels of another.
fn selects_no_more(own: Value<'_>, wide: Value<'_>) -> bool {
    wide.get("matchLabels").into_iter().flat_map(|labels| labels.entries()).all(|(key, label)| {
        own.at(&["matchLabels", key.text()]).is_some_and(|own| own.as_str() == label.as_str())
    })
}

/// Whether a binding binds the same role as upstream's, to no other subjects.
fn is_within(upstream: Value<'_>, binding: Value<'_>) -> bool {
    let same = |a: Value<'_>, b: Value<'_>, key| text(a, key) == text(b, key);
    let (Some(role), Some(upstream_role)) = (binding.get("roleRef"), upstream.get("roleRef")) else {
        return false;
    };
    let known: Vec<_> = subjects(upstream).collect();
    same(role, upstream_role, "kind")
        && same(role, upstream_role, "name")
        && subjects(binding).all(|subject| {
            known
                .iter()
                .any(|known| ["kind", "name", "namespace"].iter().all(|key| same(subject, *known, key)))
        })
}

fn subjects<'a>(binding: Value<'a>) -> impl Iterator<Item = Value<'a>> {
    binding.get("subjects").into_iter().flat_map(|subjects| subjects.items())
}
