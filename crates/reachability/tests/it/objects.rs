//! A world out of the objects of files.

use std::collections::BTreeMap;

use seaworthy_evidence::{Evidence, Object, Workload};
use seaworthy_reachability::{ClusterPolicy, Labels, Namespace, NamespaceId, Pod, PodId, Policy, World};

/// A world, and the names by which its pods are known.
pub(crate) struct Named<'a> {
    pub(crate) world: World<'a>,
    pub(crate) pods: BTreeMap<String, PodId>,
}

/// Puts everything into a world. Pods of one owner are one: `namespace/owner[Kind]`.
pub(crate) fn world<'a>(evidence: &Evidence<'a>, mut world: World<'a>) -> Named<'a> {
    let mut namespaces: BTreeMap<&'a str, NamespaceId> = BTreeMap::new();
    let mut pods = BTreeMap::new();
    let mut namespace = |world: &mut World<'a>, object: &Object<'a>| {
        let name = object.namespace.unwrap_or("default");
        *namespaces.entry(name).or_insert_with(|| {
            let declared = evidence.called("Namespace", None, name).next();
            let labels = Labels::of_namespace(Some(name), declared.map(|object| object.value));
            world.add_namespace(Namespace::new(Some(name), labels))
        })
    };
    for workload in evidence.workloads() {
        let owner = evidence.owner(workload);
        let id = namespace(&mut world, owner);
        let pod = Pod::read(workload.pod.metadata(), workload.pod.spec(), owner.value.get("status"));
        pods.entry(name(owner, workload)).or_insert_with(|| world.add_pod(id, pod));
    }
    for object in evidence.objects() {
        if object.is("networking.k8s.io", "NetworkPolicy") {
            let id = namespace(&mut world, object);
            world.add_policy(id, Policy::read(object.value));
        }
        if object.group() == seaworthy_reachability::CLUSTER_POLICY_GROUP
            && let Some(policy) = ClusterPolicy::read(object.kind, object.value)
        {
            world.add_cluster_policy(policy);
        }
    }
    Named { world, pods }
}

fn name(object: &Object<'_>, workload: &Workload<'_>) -> String {
    let namespace = object.namespace.unwrap_or("default");
    let owners =
        workload.pod.metadata().filter(|_| object.kind == "Pod").and_then(|it| it.get("ownerReferences"));
    let owner = owners.and_then(|owners| owners.items().next());
    // A pod that a node owns is a static one and stands for itself.
    let owner = owner.filter(|owner| owner.get("kind").is_some_and(|kind| kind.text() != "Node"));
    let text = |key: &str| Some(owner?.get(key)?.text());
    let (name, kind) = (text("name").unwrap_or(object.name), text("kind").unwrap_or(object.kind));
    format!("{namespace}/{name}[{kind}]")
}
