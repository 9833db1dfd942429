//! The record that a collection from a live cluster leaves among its evidence: what was asked for, what was refused. With it
//! something that is not among the evidence is known not to be there; files alone never say so.
//!
//! It is a document like any other, so that a snapshot, a live cluster and a case on a control's page are judged alike:
//!
//! ```yaml
//! apiVersion: seaworthy.dev/v1alpha1
//! kind: Collection
//! metadata: {name: production}             # the cluster, as people know it
//! at: "2026-11-21T17:00:00Z"
//! server: {url: "https://10.0.0.1:6443", version: v1.36.3}
//! distribution: {name: eks, managed: true, because: "the version names eks"}
//! served: [Pod, Deployment.apps]           # every kind that discovery names, `Kind.group`
//! unavailable: [metrics.k8s.io]            # groups whose discovery failed
//! lists:
//! - {apiVersion: v1, kind: Pod, resource: pods, namespaced: true, items: 12, resourceVersion: "8371"}
//! - {apiVersion: v1, kind: Secret, resource: secrets, namespaced: true, refused: "forbidden: list secrets"}
//! - {apiVersion: apps/v1, kind: Deployment, resource: deployments, namespaced: true, namespaces: [shop], items: 3}
//! - {apiVersion: acme.io/v1, kind: Rocket, resource: rockets, namespaced: true, kept: pod-templates, items: 9}
//! ```
//!
//! Where a part of a snapshot is missing, whoever reads it adds `incomplete` with the reason.

use rustc_hash::{FxHashMap, FxHashSet};
use seaworthy_document::Value;

use crate::index::{Evidence, SourceFile};
use crate::object::{Object, group_of};

/// The group of the kinds that Seaworthy itself writes.
pub const GROUP: &str = "seaworthy.dev";

/// What the fields begin with that a collection adds to objects, as `seaworthy.dev/keys`.
pub(crate) const FIELD_PREFIX: &str = "seaworthy.dev/";

/// Whether all objects of a kind are among the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// All of them are, or the cluster has no such kind: what is not there does not exist.
    All,
    /// The cluster was asked and did not tell all; the reason, as `forbidden: list secrets`.
    Refused(&'a str),
    /// Nobody asked: files hold what somebody put there.
    NotAsked,
}

/// What a live cluster was asked for.
#[derive(Clone, Debug)]
pub struct Collection<'a> {
    root: Value<'a>,
    lists: FxHashMap<(&'a str, &'a str), Vec<Value<'a>>>,
    served: FxHashSet<&'a str>,
}

impl<'a> Collection<'a> {
    /// The record among some objects. One that somebody wrote beside manifests is none: it would turn what nobody knows into
    /// what is not there, and so into passes.
    pub(crate) fn among(objects: &[Object<'a>], files: &[&'a SourceFile]) -> Option<Collection<'a>> {
        let mut gathered = objects.iter().filter(|object| !files[object.file as usize].written);
        gathered.find_map(Collection::read)
    }

    fn read(object: &Object<'a>) -> Option<Collection<'a>> {
        if !object.is(GROUP, "Collection") {
            return None;
        }
        let root = object.value;
        let mut lists: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for list in root.get("lists").iter().flat_map(Value::items) {
            let text = |key| list.get(key).and_then(|value| value.as_str()).unwrap_or_default();
            lists.entry((group_of(text("apiVersion")), text("kind"))).or_default().push(list);
        }
        let served = root.get("served").iter().flat_map(Value::items).map(|kind| kind.text()).collect();
        Some(Collection { root, lists, served })
    }

    /// The name of the cluster, as the person who asked knows it.
    pub fn cluster(&self) -> &'a str {
        self.text(&["metadata", "name"])
    }

    /// When it was asked, as RFC 3339 says it.
    pub fn at(&self) -> &'a str {
        self.text(&["at"])
    }

    /// The version of the API server, as `v1.36.3`.
    pub fn version(&self) -> Option<&'a str> {
        self.root.at(&["server", "version"])?.as_str()
    }

    /// What the cluster was made by, as `kubeadm` or `eks`, when that could be told.
    pub fn distribution(&self) -> Option<&'a str> {
        self.root.at(&["distribution", "name"])?.as_str()
    }

    /// Whether a provider runs the control plane and shows nothing of it.
    pub fn is_managed(&self) -> bool {
        self.root.at(&["distribution", "managed"]).and_then(|managed| managed.as_bool()) == Some(true)
    }

    /// The whole record.
    pub fn value(&self) -> Value<'a> {
        self.root
    }

    fn text(&self, path: &[&str]) -> &'a str {
        self.root.at(path).and_then(|value| value.as_str()).unwrap_or_default()
    }

    /// Whether all objects of a kind are among the evidence: those of a namespace, or of all with `None`.
    pub fn known(&self, group: &str, kind: &str, namespace: Option<&str>) -> Known<'a> {
        if let Some(reason) = self.root.get("incomplete") {
            return Known::Refused(reason.text());
        }
        let lists = self.lists.get(&(group, kind)).map_or(&[][..], Vec::as_slice);
        let mut refused = None;
        for list in lists {
            // Of kinds that no control knows, only what holds pods is kept.
            if list.get("kept").is_some() {
                return Known::NotAsked;
            }
            if let Some(reason) = list.get("refused") {
                refused = Some(reason.text());
                continue;
            }
            match (list.get("namespaces"), namespace) {
                (None, _) => return Known::All,
                (Some(asked), Some(namespace)) if asked.items().any(|asked| asked.text() == namespace) => {
                    return Known::All;
                }
                (Some(_), _) => refused = refused.or(Some("only some namespaces were asked for")),
            }
        }
        match refused {
            Some(reason) => Known::Refused(reason),
            None if self.serves_none(group, kind) => Known::All,
            None => Known::NotAsked,
        }
    }

    /// Whether the cluster told that it has objects of this kind.
    pub fn serves(&self, group: &str, kind: &str) -> bool {
        self.served.contains(full_name(group, kind).as_str())
    }

    /// Whether the cluster may have objects of an API group: it told one of its kinds, or did not tell them all.
    pub fn may_serve(&self, group: &str) -> bool {
        let of_group = |name: &&str| name.split_once('.').map_or("", |(_, group)| group) == group;
        self.served.is_empty() || self.is_unavailable(group) || self.served.iter().any(of_group)
    }

    /// Whether the cluster told all its kinds and this is none of them.
    fn serves_none(&self, group: &str, kind: &str) -> bool {
        !self.served.is_empty() && !self.serves(group, kind) && !self.is_unavailable(group)
    }

    /// Whether the server of a group did not answer.
    fn is_unavailable(&self, group: &str) -> bool {
        let unavailable = self.root.get("unavailable");
        unavailable.iter().flat_map(Value::items).any(|name| name.text() == group)
    }
}

/// `Deployment.apps`.
fn full_name(group: &str, kind: &str) -> String {
    if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") }
}

impl<'a> Evidence<'a> {
    /// The record of the cluster that the evidence is of; `None` when it is of files.
    pub fn collection(&self) -> Option<&Collection<'a>> {
        self.collection.as_ref()
    }

    /// Whether all objects of a kind are among the evidence: those of a namespace, or of all with `None`.
    pub fn known(&self, group: &str, kind: &str, namespace: Option<&str>) -> Known<'a> {
        self.collection
            .as_ref()
            .map_or(Known::NotAsked, |collection| collection.known(group, kind, namespace))
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_document::Stream;

    use super::*;

    #[test]
    fn what_is_not_listed_is_known_only_where_all_was_listed() {
        let text = "apiVersion: seaworthy.dev/v1alpha1\nkind: Collection\nmetadata: {name: c}\n\
            served: [Pod, Secret, Event, Deployment.apps]\nunavailable: [metrics.k8s.io]\nlists:\n\
            - {apiVersion: v1, kind: Pod}\n\
            - {apiVersion: v1, kind: Secret, refused: 'forbidden: list secrets'}\n\
            - {apiVersion: apps/v1, kind: Deployment, namespaces: [shop]}\n\
            - {apiVersion: acme.io/v1, kind: Rocket, kept: pod-templates}\n";
        let files = [SourceFile::new("collection.json", Stream::read(text))];
        let evidence = Evidence::new(&files);
        assert_eq!(evidence.known("", "Pod", None), Known::All);
        assert_eq!(evidence.known("", "Secret", Some("shop")), Known::Refused("forbidden: list secrets"));
        assert_eq!(evidence.known("apps", "Deployment", Some("shop")), Known::All);
        assert!(matches!(evidence.known("apps", "Deployment", Some("other")), Known::Refused(_)));
        assert!(matches!(evidence.known("apps", "Deployment", None), Known::Refused(_)));
        assert_eq!(evidence.known("acme.io", "Rocket", None), Known::NotAsked, "only pods of it were kept");
        assert_eq!(evidence.known("", "Event", None), Known::NotAsked, "served, but not listed");
        let collection = evidence.collection().expect("the record");
        assert!(collection.serves("apps", "Deployment") && !collection.serves("", "Deployment"));
        assert_eq!(evidence.known("cilium.io", "CiliumNetworkPolicy", None), Known::All, "not served");
        let collection = evidence.collection().expect("a record");
        let may_serve = |group| collection.may_serve(group);
        assert!(
            may_serve("") && may_serve("apps") && may_serve("metrics.k8s.io"),
            "the last one is unavailable"
        );
        assert!(!may_serve("cilium.io"));
        assert_eq!(evidence.known("metrics.k8s.io", "NodeMetrics", None), Known::NotAsked);
        let files = [SourceFile::written("collection.json", Stream::read(text))];
        assert_eq!(Evidence::new(&files).known("", "Pod", None), Known::NotAsked, "anybody can write this");
    }
}
