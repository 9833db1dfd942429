//! What made a cluster, told by what it shows.

use seaworthy_document::Value;

use crate::collection::Collection;
use crate::index::Evidence;
use crate::object::Object;

/// Who made a cluster, and how that could be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// `kubeadm`, `k3s`, `rke2`, `eks`, `gke`, `aks`, `openshift`, `kind`, `minikube` or `talos`; whatever the record of
    /// the collection says otherwise.
    pub name: String,
    /// Whether a provider runs the control plane and shows nothing of it.
    pub managed: bool,
    /// What it was told by.
    pub because: String,
}

/// Distributions whose control plane a provider runs.
const MANAGED: &[&str] = &["eks", "gke", "aks"];

/// What stands in the version of the API server (`v1.33.1-eks-1-33-5`, `v1.33.1-gke.1107000`, `v1.33.1+k3s1`).
const VERSIONS: &[(&str, &str)] = &[("-eks-", "eks"), ("-gke.", "gke"), ("+k3s", "k3s"), ("+rke2", "rke2")];

/// API groups that only one distribution serves.
const GROUPS: &[(&str, &str)] =
    &[("config.openshift.io", "openshift"), ("networking.gke.io", "gke"), ("vpcresources.k8s.aws", "eks")];

/// Labels and annotations of nodes, up to their end or the `/` at which the name may go on. The most telling come first:
/// kind and minikube install by kubeadm.
const MARKS: &[(&str, &str)] = &[
    ("eks.amazonaws.com/", "eks"),
    ("cloud.google.com/gke-", "gke"),
    ("kubernetes.azure.com/", "aks"),
    ("minikube.k8s.io/", "minikube"),
    ("node.openshift.io/", "openshift"),
    ("machineconfiguration.openshift.io/", "openshift"),
    ("rke2.io/", "rke2"),
    ("k3s.io/", "k3s"),
    ("talos.dev/", "talos"),
];

/// How the image of a node's operating system begins.
const SYSTEMS: &[(&str, &str)] = &[("Talos", "talos"), ("Red Hat Enterprise Linux CoreOS", "openshift")];

/// How the id of a node begins that its provider gives.
const PROVIDERS: &[(&str, &str)] = &[("kind://", "kind"), ("k3s://", "k3s")];

impl Distribution {
    fn told(name: &str, because: String) -> Distribution {
        Distribution { name: name.to_owned(), managed: MANAGED.contains(&name), because }
    }

    /// What made the cluster: what the record of the collection says, else what versions, nodes, API groups and ConfigMaps
    /// tell.
    pub(crate) fn of(collection: Option<&Collection<'_>>, objects: &[Object<'_>]) -> Option<Distribution> {
        let collection = collection?;
        if let Some(name) = collection.distribution() {
            let because = collection.value().at(&["distribution", "because"]);
            return Some(Distribution {
                name: name.to_owned(),
                managed: collection.is_managed(),
                because: because.map_or("the record of the collection", |text| text.text()).to_owned(),
            });
        }
        collection
            .version()
            .and_then(by_version)
            .or_else(|| by_groups(collection))
            .or_else(|| objects.iter().filter(|object| object.is("", "Node")).find_map(by_node))
            .or_else(|| by_config_map(objects))
    }
}

fn by_version(version: &str) -> Option<Distribution> {
    let (part, name) = VERSIONS.iter().find(|(part, _)| version.contains(part))?;
    let part = part.trim_matches(['-', '+', '.']);
    Some(Distribution::told(name, format!("the version of the API server names `{part}`")))
}

fn by_groups(collection: &Collection<'_>) -> Option<Distribution> {
    let served = collection.value().get("served")?;
    let is_of =
        |kind: &Value<'_>, group: &str| kind.text().split_once('.').is_some_and(|(_, of)| of == group);
    let (group, name) = GROUPS.iter().find(|(group, _)| served.items().any(|kind| is_of(&kind, group)))?;
    Some(Distribution::told(name, format!("the API server serves `{group}`")))
}

fn by_node(node: &Object<'_>) -> Option<Distribution> {
    let metadata = node.metadata();
    let keys = |of: &str| {
        let map = metadata.and_then(|metadata| metadata.get(of));
        map.into_iter().flat_map(|map| map.entries()).map(|(key, _)| key.text()).collect::<Vec<_>>()
    };
    let marks = [keys("labels"), keys("annotations")].concat();
    let text = |path: &[&str]| node.value.at(path).and_then(|value| value.as_str()).unwrap_or_default();
    if let Some((mark, name)) = MARKS.iter().find(|(mark, _)| marks.iter().any(|key| key.starts_with(mark))) {
        return Some(Distribution::told(name, format!("node `{}` bears `{mark}…`", node.name)));
    }
    let begins = |table: &'static [(&'static str, &'static str)], text: &str| {
        table.iter().find(|(start, _)| text.starts_with(start))
    };
    if let Some((_, name)) = begins(PROVIDERS, text(&["spec", "providerID"])) {
        return Some(Distribution::told(name, format!("`spec.providerID` of node `{}`", node.name)));
    }
    let (_, name) = begins(SYSTEMS, text(&["status", "nodeInfo", "osImage"]))?;
    Some(Distribution::told(name, format!("the operating system of node `{}`", node.name)))
}

fn by_config_map(objects: &[Object<'_>]) -> Option<Distribution> {
    let has = |name: &str| {
        let mut maps = objects.iter().filter(|object| object.is("", "ConfigMap"));
        maps.any(|object| object.namespace == Some("kube-system") && object.name == name)
    };
    let known = [("aws-auth", "eks"), ("kubeadm-config", "kubeadm")];
    let (map, name) = known.into_iter().find(|(map, _)| has(map))?;
    Some(Distribution::told(name, format!("the ConfigMap `kube-system/{map}`")))
}

impl Evidence<'_> {
    /// What made the cluster that the evidence is of, when that can be told; `None` for files.
    pub fn distribution(&self) -> Option<&Distribution> {
        self.distribution.as_ref()
    }

    /// Whether a provider runs the control plane and shows nothing of it.
    pub fn is_managed(&self) -> bool {
        self.distribution().is_some_and(|distribution| distribution.managed)
            || self.collection().is_some_and(Collection::is_managed)
    }
}
