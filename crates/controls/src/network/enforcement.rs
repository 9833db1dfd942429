//! `network/enforcement`; prose and cases in `enforcement.md`.

use seaworthy_evidence::{Place, Workload};
use seaworthy_imaging::Reference;
use seaworthy_probe::Consent;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Probe, Right, flows, pods};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "network/enforcement",
    title: "The CNI enforces NetworkPolicy",
    phase: Phase::NextStep,
    step: 11,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::NETWORK_POLICIES,
    page: include_str!("enforcement.md"),
    mappings: Mappings {
        cis: &["5.3.1"],
        nsa: &["netpol"],
        attack: &["MS-TA9034", "T1046"],
        kubescape: &["C-0205"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::EVERY_POD),
        Check::Reads(closed_world::POLICIES),
    ]),
    guard: None,
    probes: &[INGRESS, EGRESS],
};

/// The rights that its probes need beside those for pods.
const RIGHTS: &[Right] = &[
    Right { group: "", resource: "namespaces", verbs: &["create", "delete", "get"] },
    Right { group: "", resource: "pods", verbs: &["create", "delete", "get"] },
    Right { group: "", resource: "pods/log", verbs: &["get"] },
    Right { group: "", resource: "serviceaccounts", verbs: &["get"] },
    Right { group: "networking.k8s.io", resource: "networkpolicies", verbs: &["create", "delete", "get"] },
];

const INGRESS: Probe = Probe {
    name: "ingress",
    asks: "the caller starts a pod that listens at two ports and one that connects to both, makes a policy that denies all ingress and one that allows the first port, and lets another pod connect",
    proved_by: "both ports take connections before, and the allowed one alone does after",
    refuted_by: "both take connections after as well",
    not_fooled_by: "a network that is dead: the allowed port must answer at the same time; a policy that comes late: the pod tries again for 20 s",
    positive_control: "both ports take connections before there is a policy, and the listener stays ready",
    consent: Consent::Canary,
    side_effect: pods::SIDE_EFFECT,
    rights: RIGHTS,
    plan: |ground| flows::plan(ground, flows::Way::Ingress),
};

const EGRESS: Probe = Probe {
    name: "egress",
    asks: "the same with policies for egress: all is denied to the pod that connects, but for the first port",
    proved_by: "both ports take connections before, and the allowed one alone does after",
    refuted_by: "both take connections after as well",
    not_fooled_by: "a network that is dead: the allowed port must answer at the same time",
    positive_control: "both ports take connections before there is a policy, and the listener stays ready",
    consent: Consent::Canary,
    side_effect: pods::SIDE_EFFECT,
    rights: RIGHTS,
    plan: |ground| flows::plan(ground, flows::Way::Egress),
};

/// Network plugins, by repositories of their images, and whether they enforce NetworkPolicies.
const PLUGINS: &[(&str, &str, bool)] = &[
    ("docker.io/calico/node", "Calico", true),
    ("quay.io/calico/node", "Calico", true),
    ("quay.io/tigera/operator", "Calico", true),
    ("quay.io/cilium/cilium", "Cilium", true),
    ("docker.io/cilium/cilium", "Cilium", true),
    ("docker.io/antrea/antrea-agent-ubuntu", "Antrea", true),
    ("docker.io/antrea/antrea-ubuntu", "Antrea", true),
    ("docker.io/cloudnativelabs/kube-router", "kube-router", true),
    ("docker.io/weaveworks/weave-npc", "Weave Net", true),
    ("docker.io/kubeovn/kube-ovn", "Kube-OVN", true),
    ("registry.k8s.io/networking/kube-network-policies", "kube-network-policies", true),
    ("mcr.microsoft.com/containernetworking/azure-npm", "Azure Network Policy Manager", true),
    ("docker.io/flannel/flannel", "flannel", false),
    ("ghcr.io/flannel-io/flannel", "flannel", false),
    ("quay.io/coreos/flannel", "flannel", false),
    ("docker.io/rancher/mirrored-flannelcni-flannel", "flannel", false),
];

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let mut plugins: Vec<(&Workload<'a>, &str, bool)> = Vec::new();
    for workload in evidence.workloads() {
        let images =
            workload.pod.containers().filter_map(|container| Reference::parse(container.image()?).ok());
        plugins.extend(
            images.filter_map(|image| plugin(&image)).map(|(name, enforces)| (workload, name, enforces)),
        );
    }
    let policies = evidence.of_kind("NetworkPolicy").filter(|it| it.is("networking.k8s.io", "NetworkPolicy"));
    let (first, count) = {
        let mut policies = policies;
        let first = policies.next();
        (first, usize::from(first.is_some()) + policies.count())
    };
    let anchor = plugins.first().map(|(workload, ..)| evidence.owner(workload)).or(first);
    let Some(object) = anchor else { return Vec::new() };
    let enforcing = plugins.iter().find(|(_, _, enforces)| *enforces);
    let verdict = match (plugins.first(), enforcing) {
        (_, Some((_, name, _))) => Verdict::unknown(
            format!(
                "{name} enforces NetworkPolicies, and whether it does so on every node is for a probe to show"
            ),
            "a probe: a connection that a policy denies must time out",
        ),
        (Some((workload, name, _)), None) => {
            let owner = evidence.owner(workload);
            let place = workload.pod.spec().get("containers").unwrap_or(owner.value);
            let message = format!("{name} carries traffic and enforces no NetworkPolicy");
            Verdict::fail(match count {
                0 => {
                    let message = format!("{message}; lowered since there is none {} yet", around.among());
                    Fault::new(Place::at(place), message).graded(Severity::Medium)
                }
                1 => Fault::new(
                    Place::at(place),
                    format!("{message}: the one {} has no effect", around.among()),
                ),
                _ => Fault::new(
                    Place::at(place),
                    format!("{message}: the {count} {} have no effect", around.among()),
                ),
            })
        }
        (None, None) => Verdict::unknown(
            match around.is_live() {
                true => "there are NetworkPolicies, and no pod is one of a network plugin that is known",
                false => {
                    "the files hold NetworkPolicies and do not show which network plugin is to enforce them"
                }
            },
            "the network plugin of the cluster, and a probe: a connection that a policy denies must time out",
        ),
    };
    vec![Judged { object, verdict }]
}

/// The network plugin that an image is, and whether it enforces.
fn plugin(image: &Reference<'_>) -> Option<(&'static str, bool)> {
    let is = |known: &str| {
        known.split_once('/').is_some_and(|(registry, repository)| {
            image.registry() == registry && image.repository() == repository
        })
    };
    PLUGINS.iter().find(|(known, ..)| is(known)).map(|(_, name, enforces)| (*name, *enforces))
}
