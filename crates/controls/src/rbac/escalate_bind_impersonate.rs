//! `rbac/escalate-bind-impersonate`; prose and cases in `escalate_bind_impersonate.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::risky::{self, RBAC, Right, Risk};
use crate::rbac::{escalation, review};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// The group of the identities that constrained impersonation asks about.
const AUTHENTICATION: &str = "authentication.k8s.io";

/// Verbs by which the API server asks: `pkg/registry/rbac/escalation_check.go` of Kubernetes,
/// `pkg/endpoints/filters/impersonation` of apiserver.
static RISK: Risk = Risk {
    rights: &[
        Right::namespaced(RBAC, "roles", &["escalate", "bind"]),
        Right::cluster(RBAC, "clusterroles", &["escalate"]),
        // Asked in the namespace of the binding.
        Right::namespaced(RBAC, "clusterroles", &["bind"]),
        Right::cluster("", "users", &["impersonate"]),
        Right::cluster("", "groups", &["impersonate"]),
        Right::namespaced("", "serviceaccounts", &["impersonate"]),
        Right::cluster(AUTHENTICATION, "userextras/*", &["impersonate"]),
        Right::cluster(AUTHENTICATION, "uids", &["impersonate"]),
        Right::cluster(AUTHENTICATION, "users", &["impersonate:user-info"]),
        Right::cluster(AUTHENTICATION, "groups", &["impersonate:user-info"]),
        Right::cluster(AUTHENTICATION, "uids", &["impersonate:user-info"]),
        Right::cluster(AUTHENTICATION, "userextras/*", &["impersonate:user-info"]),
        Right::namespaced(AUTHENTICATION, "serviceaccounts", &["impersonate:serviceaccount"]),
        Right::cluster(
            AUTHENTICATION,
            "nodes",
            &["impersonate:arbitrary-node", "impersonate:associated-node"],
        ),
    ],
    severity: Severity::Critical,
    consequence: "which leads to rights that it was not given",
    by_verb: true,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/escalate-bind-impersonate",
    title: "The verbs escalate, bind and impersonate are granted to no one",
    phase: Phase::QuickWin,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("escalate_bind_impersonate.md"),
    mappings: Mappings {
        cis: &["5.1.8"],
        nsa: &["rbac"],
        attack: &["MS-TA9019", "T1078", "T1098"],
        kubescape: &["C-0065", "C-0191"],
        trivy: &["KSV-0043", "KSV-0050", "KSV-0051", "KSV-0052", "KSV-0055"],
        checkov: &["CKV_K8S_157", "CKV_K8S_158", "CKV2_K8S_1", "CKV2_K8S_3"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, escalation::PROBE],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may `escalate`, `bind` and `impersonate`",
    plan,
);

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    review::attempts(ground, &RISK)
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    risky::judge(scope, &RISK)
}
