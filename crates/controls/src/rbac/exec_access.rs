//! `rbac/exec-access`; prose and cases in `exec_access.md`.

use seaworthy_podsecurity::Version;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::risky::{self, Right, Risk};
use crate::rbac::{live, review};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// The first version in which a WebSocket needs `create`.
const ASKS_TO_CREATE: Version = Version::new(35);

/// Each HTTP method is a verb; `list` and `watch` are none of them.
const METHODS: &[&str] = &["get", "create", "update", "patch", "delete"];

static RISK: Risk = Risk {
    rights: &[
        Right::namespaced("", "pods/exec", &["create"]),
        Right::namespaced("", "pods/attach", &["create"]),
        Right::namespaced("", "pods/ephemeralcontainers", &["update", "patch"]),
        // By WebSocket: the gate `AuthorizePodWebsocketUpgradeCreatePermission` of v1.35 asks for `create` as well.
        Right::namespaced("", "pods/exec", &["get"]).until(ASKS_TO_CREATE),
        Right::namespaced("", "pods/attach", &["get"]).until(ASKS_TO_CREATE),
        Right::namespaced("", "pods/portforward", &["create"]).lesser(),
        Right::namespaced("", "pods/portforward", &["get"]).lesser().until(ASKS_TO_CREATE),
        Right::namespaced("", "pods/proxy", METHODS).lesser(),
        Right::namespaced("", "services/proxy", METHODS).lesser(),
    ],
    severity: Severity::High,
    consequence: "which reach into running pods past their entrances",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/exec-access",
    title: "Few subjects can exec, attach, debug or port-forward",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("exec_access.md"),
    mappings: Mappings {
        nsa: &["rbac"],
        attack: &["MS-TA9006", "T1609"],
        kubescape: &["C-0002", "C-0063"],
        trivy: &["KSV-0053", "KSV-0054"],
        checkov: &["CKV2_K8S_2"],
        polaris: &[
            "clusterrolePodExecAttach",
            "rolePodExecAttach",
            "clusterrolebindingPodExecAttach",
            "rolebindingRolePodExecAttach",
            "rolebindingClusterRolePodExecAttach",
        ],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, LIVE],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may exec, attach, debug, forward ports and go through proxies of pods",
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
