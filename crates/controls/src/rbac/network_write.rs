//! `rbac/network-write`; prose and cases in `network_write.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::risky::{self, Right, Risk, WRITE};
use crate::rbac::{live, review};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// Verbs that lead traffic elsewhere. Taking an entrance away stops it only.
const CHANGE: &[&str] = &["create", "update", "patch"];

/// The group of the Gateway API.
const GATEWAY: &str = "gateway.networking.k8s.io";

static RISK: Risk = Risk {
    rights: &[
        Right::namespaced("networking.k8s.io", "networkpolicies", WRITE),
        Right::namespaced("networking.k8s.io", "ingresses", CHANGE),
        Right::namespaced("", "services", CHANGE),
        Right::namespaced("", "services/status", &["update", "patch"]),
        Right::namespaced("", "endpoints", CHANGE),
        Right::namespaced("discovery.k8s.io", "endpointslices", CHANGE),
        Right::namespaced(GATEWAY, "gateways", CHANGE),
        Right::namespaced(GATEWAY, "httproutes", CHANGE),
        Right::namespaced(GATEWAY, "grpcroutes", CHANGE),
        Right::namespaced(GATEWAY, "tlsroutes", CHANGE),
        Right::namespaced(GATEWAY, "tcproutes", CHANGE),
        Right::namespaced(GATEWAY, "referencegrants", CHANGE),
        Right::cluster("policy.networking.k8s.io", "adminnetworkpolicies", WRITE),
        Right::cluster("policy.networking.k8s.io", "baselineadminnetworkpolicies", WRITE),
        Right::cluster("policy.networking.k8s.io", "clusternetworkpolicies", WRITE),
        Right::namespaced("crd.projectcalico.org", "networkpolicies", WRITE),
        Right::cluster("crd.projectcalico.org", "globalnetworkpolicies", WRITE),
        Right::namespaced("projectcalico.org", "networkpolicies", WRITE),
        Right::cluster("projectcalico.org", "globalnetworkpolicies", WRITE),
        Right::namespaced("cilium.io", "ciliumnetworkpolicies", WRITE),
        Right::cluster("cilium.io", "ciliumclusterwidenetworkpolicies", WRITE),
        Right::namespaced("crd.antrea.io", "networkpolicies", WRITE),
        Right::cluster("crd.antrea.io", "clusternetworkpolicies", WRITE),
        Right::namespaced("security.istio.io", "authorizationpolicies", WRITE),
        Right::namespaced("security.istio.io", "peerauthentications", WRITE),
        Right::namespaced("networking.istio.io", "virtualservices", CHANGE),
        Right::namespaced("networking.istio.io", "gateways", CHANGE),
        Right::namespaced("networking.istio.io", "envoyfilters", CHANGE),
    ],
    severity: Severity::Medium,
    consequence: "which decide who talks to whom",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/network-write",
    title: "Few subjects can change network and routing objects",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("network_write.md"),
    mappings: Mappings {
        nsa: &["rbac"],
        attack: &["MS-TA9034", "MS-TA9036", "T1557"],
        trivy: &["KSV-0056"],
        checkov: &["CKV2_K8S_4"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, LIVE],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may change network policies, services and routes",
    plan,
);

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    review::attempts(ground, &RISK)
}

const LIVE: Probe = live::probe(plan_live);

fn plan_live(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    live::attempts(ground, &RISK)
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    risky::judge(scope, &RISK)
}
