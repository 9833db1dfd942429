//! `rbac/nodes-proxy`; prose and cases in `nodes_proxy.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::review;
use crate::rbac::risky::{self, Right, Risk};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

static RISK: Risk = Risk {
    rights: &[
        // A WebSocket begins with a GET, and the kubelet runs the command.
        Right::cluster("", "nodes/proxy", &["get", "create", "update", "patch", "delete"]),
    ],
    severity: Severity::Critical,
    consequence: "by which the kubelet runs commands in every pod of a node",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/nodes-proxy",
    title: "No one but system components holds nodes/proxy",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("nodes_proxy.md"),
    mappings: Mappings {
        cis: &["5.1.10"],
        nsa: &["rbac"],
        attack: &["MS-TA9030", "T1609", "T1613"],
        kubescape: &["C-0279"],
        trivy: &["KSV-0047"],
        checkov: &["CKV2_K8S_2"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may use `nodes/proxy`, which is to run commands in every pod of a node",
    plan,
);

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    review::attempts(ground, &RISK)
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    risky::judge(scope, &RISK)
}
