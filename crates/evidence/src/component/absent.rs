//! Components of a live cluster of which no evidence tells: they are there, and nobody knows how they are set.

use super::{Component, Program, Setup};
use crate::collection::{Collection, Known};
use crate::distribution::Distribution;
use crate::object::Object;

const NO_POD: &str = "no pod of the cluster runs it, and its endpoints do not answer through the API server";
const NOT_ASKED: &str = "nobody asked the kubelets for their configuration";
const IN_ONE_PROCESS: &str = "the program that runs it with all others shows its settings in its log alone";

/// Adds what a cluster must have and what nothing told of, so that it is unknown rather than forgotten. What a provider
/// runs and shows to nobody is left out.
pub(crate) fn add_absent<'a>(
    components: &mut Vec<Component<'a>>,
    collection: Option<&Collection<'a>>,
    distribution: Option<&Distribution>,
    objects: &[Object<'a>],
) {
    let Some(collection) = collection else { return };
    let root = collection.value();
    let is_record = |object: &Object<'a>| {
        object.value.id() == root.id() && std::ptr::eq(object.value.stream(), root.stream())
    };
    let Some(index) = objects.iter().position(is_record) else { return };
    let managed = distribution.is_some_and(|distribution| distribution.managed);
    let in_one_process = distribution.is_some_and(|distribution| distribution.name == "k3s");
    let has_nodes = objects.iter().any(|object| object.is("", "Node"));
    for program in Program::ALL {
        if components.iter().any(|component| component.program == program) {
            continue;
        }
        let pods = match collection.known("", "Pod", Some("kube-system")) {
            Known::Refused(reason) => Some(reason),
            Known::All | Known::NotAsked => None,
        };
        let reason = match program {
            Program::Kubelet => match collection.known("", "Node", None) {
                Known::Refused(reason) => reason,
                // A control plane without nodes has no kubelets.
                Known::All if !has_nodes => continue,
                Known::All | Known::NotAsked => NOT_ASKED,
            },
            // Many clusters do without it.
            Program::KubeProxy => match (collection.known("apps", "DaemonSet", Some("kube-system")), pods) {
                _ if in_one_process => IN_ONE_PROCESS,
                (Known::All, None) => continue,
                (Known::Refused(reason), _) | (_, Some(reason)) => reason,
                (Known::NotAsked, None) => continue,
            },
            _ if managed => continue,
            _ if in_one_process => IN_ONE_PROCESS,
            _ => pods.unwrap_or(NO_POD),
        };
        let component = Component::new(program, Setup::Unread, index as u32, root);
        components.push(Component { unread: Some(reason), ..component });
    }
    components.sort_by_key(|component| (component.object, component.program, component.settings.id()));
}
