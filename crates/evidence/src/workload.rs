//! Pods, wherever they stand: alone, as the template of a built-in controller, or inside a custom resource.

use seaworthy_document::Value;
use seaworthy_podsecurity::Pod;

use crate::object::Object;

/// A pod, or the template of the pods of a controller.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    /// Index of the object in [`Evidence::objects`](crate::Evidence::objects) that holds it.
    pub object: u32,
    /// The pod.
    pub pod: Pod<'a>,
    /// Whether the API server would refuse to decode it: then nothing in it can be said to pass.
    pub refused: bool,
}

/// Groups whose kinds hold no pod template, common or large: looking for one inside them would be in vain. (A
/// CustomResourceDefinition describes pod templates but holds none.)
const WITHOUT_PODS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "autoscaling",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Calls `found` with every pod inside an object.
pub(crate) fn pods_of<'a>(object: &Object<'a>, mut found: impl FnMut(Pod<'a>)) {
    if let Some(pod) = Pod::from_kind(object.api_version, object.kind, object.value) {
        return found(pod);
    }
    if WITHOUT_PODS.contains(&object.group()) {
        return;
    }
    // In custom resources a template is recognised by its shape: a map below the root whose `spec` lists
    // containers (Rollout, Knative Service, operators), or a map called `podSpec` that does. The root itself
    // does not count: `spec.containers` of a Prometheus, say, is a patch and no pod.
    for value in object.value.descendants().skip(1).filter(Value::is_mapping) {
        if value.get("spec").is_some_and(|spec| lists_containers(&spec)) {
            Pod::from_template(value).map(&mut found);
        } else if value.key().is_some_and(|key| key.text().ends_with("odSpec")) && lists_containers(&value) {
            Pod::from_spec(value).map(&mut found);
        }
    }
}

fn lists_containers(spec: &Value<'_>) -> bool {
    spec.get("containers").is_some_and(|containers| {
        let mut items = containers.items().peekable();
        items.peek().is_some() && items.all(|item| item.get("name").is_some() || item.get("image").is_some())
    })
}
