//! `rbac/node-and-volume-write`; prose and cases in `node_and_volume_write.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::risky::{self, Right, Risk, WRITE};
use crate::rbac::{live, review};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

static RISK: Risk = Risk {
    rights: &[
        Right::cluster("", "persistentvolumes", &["create"]),
        // The source of a volume cannot be changed; its claim and nodes can.
        Right::cluster("", "persistentvolumes", &["update", "patch"]).lesser(),
        Right::cluster("", "nodes", WRITE),
        Right::cluster("", "nodes/status", &["update", "patch"]).lesser(),
        Right::cluster("node.k8s.io", "runtimeclasses", WRITE).lesser(),
        Right::cluster("scheduling.k8s.io", "priorityclasses", WRITE).lesser(),
        Right::cluster("storage.k8s.io", "storageclasses", WRITE).lesser(),
        Right::namespaced("", "bindings", &["create"]).lesser(),
        Right::namespaced("", "pods/binding", &["create"]).lesser(),
        Right::namespaced("", "pods/eviction", &["create"]).lesser(),
    ],
    severity: Severity::High,
    consequence: "which decide where pods run and what they find there",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/node-and-volume-write",
    title: "Few subjects can write nodes, persistent volumes and classes",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("node_and_volume_write.md"),
    mappings: Mappings {
        cis: &["5.1.9"],
        nsa: &["rbac"],
        attack: &["MS-TA9013", "T1098"],
        kubescape: &["C-0278"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, LIVE],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may write nodes, volumes and classes",
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
