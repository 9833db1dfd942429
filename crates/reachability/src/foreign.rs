//! Policies of other projects. They are recognised and not evaluated: where they are, what NetworkPolicies say is not
//! the whole truth.

use seaworthy_document::Value;

use crate::pod::Pod;
use crate::policy::Direction;
use crate::selector::Selector;
use crate::truth::Truth;

/// How far a policy of another project reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// The pods of its namespace.
    Namespace,
    /// The pods of all namespaces.
    Cluster,
}

/// How far a policy reaches, by the group and kind of its object; `None` when it is no policy of another project that is
/// known here.
pub fn reach(group: &str, kind: &str) -> Option<Reach> {
    Some(match (group, kind) {
        ("cilium.io", "CiliumNetworkPolicy") => Reach::Namespace,
        ("cilium.io", "CiliumClusterwideNetworkPolicy") => Reach::Cluster,
        ("projectcalico.org" | "crd.projectcalico.org", kind) => match kind {
            "NetworkPolicy" | "StagedNetworkPolicy" => Reach::Namespace,
            "GlobalNetworkPolicy" => Reach::Cluster,
            _ => return None,
        },
        ("crd.antrea.io", "NetworkPolicy") => Reach::Namespace,
        ("crd.antrea.io", "ClusterNetworkPolicy") => Reach::Cluster,
        _ => return None,
    })
    .filter(|_| kind != "StagedNetworkPolicy")
}

/// Whether a policy of another project may say something about a pod in a direction. Only what is certain is "no": a
/// selector of Cilium on plain labels that does not match, or no section for the direction.
pub fn concerns(group: &str, object: Value<'_>, pod: &Pod<'_>, direction: Direction) -> bool {
    if pod.host_network() == Truth::Yes {
        return false;
    }
    let Some(spec) = object.get("spec").filter(|_| group == "cilium.io" && object.get("specs").is_none())
    else {
        return true;
    };
    let deny = deny_field(direction);
    if spec.get(direction.name()).is_none() && spec.get(deny).is_none() {
        return false;
    }
    match spec.get("endpointSelector") {
        // A policy of hosts.
        None => spec.get("nodeSelector").is_none(),
        // Keys with a source (`k8s:app`) or of Cilium's own are not labels of the pod.
        Some(selector) if selector.descendants().any(|value| is_derived(&value)) => true,
        Some(selector) => Selector::read(selector).selects(pod.labels()).possibly(),
    }
}

fn is_derived(value: &Value<'_>) -> bool {
    let derived = |key: &str| key.contains(':') || key.starts_with("io.");
    let key = value.key().map_or("", |key| key.text());
    derived(key) || (key == "key" && derived(value.text()))
}

/// The section of Cilium that denies explicitly.
fn deny_field(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingressDeny",
        Direction::Egress => "egressDeny",
    }
}

/// Whether a policy of another project plainly denies, to every pod that it can reach, all that nothing else allows in
/// a direction. Only the plainest form is recognised:
///
/// - Cilium: `endpointSelector: {}`, no `enableDefaultDeny`, and a list for the direction that is empty or holds only `{}`
///   (`docs.cilium.io`, "Policy Enforcement Modes": an empty rule selects the endpoints and allows nothing).
/// - Calico: no `selector` or `all()`, no other selector, the direction in `types`, and no rules for it.
pub fn denies_by_default(group: &str, kind: &str, object: Value<'_>, direction: Direction) -> bool {
    let Some(spec) = object.get("spec").filter(|_| reach(group, kind).is_some()) else { return false };
    let list = spec.get(direction.name());
    match group {
        "cilium.io" => {
            let everything = spec
                .get("endpointSelector")
                .is_some_and(|all| all.is_mapping() && all.entries().next().is_none());
            let empty = list.is_some_and(|list| {
                list.is_sequence()
                    && list.items().all(|rule| rule.is_mapping() && rule.entries().next().is_none())
            });
            let deny = spec.get(deny_field(direction));
            everything && empty && deny.is_none() && spec.get("enableDefaultDeny").is_none()
        }
        "projectcalico.org" | "crd.projectcalico.org" => {
            let selector = spec.get("selector").map_or("", |selector| selector.text()).replace(' ', "");
            let others =
                ["namespaceSelector", "serviceAccountSelector", "doNotTrack", "preDNAT", "applyOnForward"];
            let types = spec.get("types").into_iter().flat_map(|types| types.items());
            (selector.is_empty() || selector == "all()")
                && others.iter().all(|field| spec.get(field).is_none())
                && types.filter_map(|value| value.as_str()).any(|text| text == direction.policy_type())
                && list.is_none_or(|list| list.is_sequence() && list.items().next().is_none())
        }
        _ => false,
    }
}
