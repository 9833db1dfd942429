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

/// What is known of a policy of another project: read once, asked about many pods.
#[derive(Debug)]
pub struct ForeignPolicy<'a> {
    ingress: Effect<'a>,
    egress: Effect<'a>,
}

#[derive(Debug)]
struct Effect<'a> {
    subjects: Subjects<'a>,
    denies_by_default: bool,
}

/// The pods about which it may say something.
#[derive(Debug)]
enum Subjects<'a> {
    None,
    /// Nothing is certain.
    Perhaps,
    Selected(Selector<'a>),
}

impl<'a> ForeignPolicy<'a> {
    /// Reads a policy by the group and kind of its object.
    pub fn read(group: &str, kind: &str, object: Value<'a>) -> ForeignPolicy<'a> {
        let effect = |direction| Effect {
            subjects: Subjects::read(group, object, direction),
            denies_by_default: denies_by_default(group, kind, object, direction),
        };
        ForeignPolicy { ingress: effect(Direction::Ingress), egress: effect(Direction::Egress) }
    }

    fn effect(&self, direction: Direction) -> &Effect<'a> {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// Whether it may say something about a pod in a direction. Only what is certain is "no": a selector of Cilium on
    /// plain labels that does not match, or no section for the direction.
    pub fn concerns(&self, pod: &Pod<'_>, direction: Direction) -> bool {
        pod.host_network() != Truth::Yes
            && match &self.effect(direction).subjects {
                Subjects::None => false,
                Subjects::Perhaps => true,
                Subjects::Selected(selector) => selector.selects(pod.labels()).possibly(),
            }
    }

    /// Whether it plainly denies, to every pod that it can reach, all that nothing else allows in a direction. Only the
    /// plainest form is recognised:
    ///
    /// - Cilium: `endpointSelector: {}`, no `enableDefaultDeny`, and a list for the direction that is empty or holds only
    ///   `{}` (`docs.cilium.io`, "Policy Enforcement Modes": an empty rule selects the endpoints and allows nothing).
    /// - Calico: no `selector` or `all()`, no other selector, the direction in `types`, and no rules for it.
    pub fn denies_by_default(&self, direction: Direction) -> bool {
        self.effect(direction).denies_by_default
    }
}

impl<'a> Subjects<'a> {
    fn read(group: &str, object: Value<'a>, direction: Direction) -> Subjects<'a> {
        let plain = group == "cilium.io" && object.get("specs").is_none();
        let Some(spec) = object.get("spec").filter(|_| plain) else { return Subjects::Perhaps };
        if spec.get(direction.name()).is_none() && spec.get(deny_field(direction)).is_none() {
            return Subjects::None;
        }
        match spec.get("endpointSelector") {
            // A policy of hosts.
            None if spec.get("nodeSelector").is_some() => Subjects::None,
            None => Subjects::Perhaps,
            // Keys with a source (`k8s:app`) or of Cilium's own are not labels of the pod.
            Some(selector) if selector.descendants().any(|value| is_derived(&value)) => Subjects::Perhaps,
            Some(selector) => Subjects::Selected(Selector::read(selector)),
        }
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

fn denies_by_default(group: &str, kind: &str, object: Value<'_>, direction: Direction) -> bool {
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
