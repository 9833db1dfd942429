//! `rbac/sensitive-config-maps`; prose and cases in `sensitive_config_maps.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::review;
use crate::rbac::risky::{self, Right, Risk};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// To put something else in their place. What is there already cannot be created.
const fn of(namespace: &'static str, names: &'static [&'static str]) -> Right {
    Right::namespaced("", "configmaps", &["update", "patch", "delete", "deletecollection"])
        .within(namespace)
        .called(names)
}

static RISK: Risk = Risk {
    rights: &[
        of(
            "kube-system",
            &[
                "aws-auth",
                "calico-config",
                "canal-config",
                "cilium-config",
                "coredns",
                "coredns-custom",
                "extension-apiserver-authentication",
                "kube-dns",
                "kube-proxy",
                "kubeadm-config",
                "kubelet-config",
                "node-local-dns",
            ],
        ),
        of("kube-public", &["cluster-info"]),
        of("kube-flannel", &["kube-flannel-cfg"]),
        of("istio-system", &["istio", "istio-sidecar-injector"]),
        of("linkerd", &["linkerd-config"]),
    ],
    severity: Severity::High,
    consequence: "of which some steer name resolution, the network or who is let in",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/sensitive-config-maps",
    title: "Few subjects can write ConfigMaps that steer the cluster",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("sensitive_config_maps.md"),
    mappings: Mappings {
        nsa: &["rbac"],
        attack: &["MS-TA9035", "MS-TA9001", "T1557"],
        kubescape: &["C-0037"],
        trivy: &["KSV-0049", "KSV-0115"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may write the ConfigMaps that steer the cluster",
    plan,
);

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    review::attempts(ground, &RISK)
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    risky::judge(scope, &RISK)
}
