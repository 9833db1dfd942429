//! `rbac/evidence-tampering`; prose and cases in `evidence_tampering.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::risky::{self, Right, Risk};
use crate::rbac::{live, review};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// Verbs that take away.
const DELETE: &[&str] = &["delete", "deletecollection"];

/// The verb that takes away all of a kind by one request.
const ALL_AT_ONCE: &[&str] = &["deletecollection"];

static RISK: Risk = Risk {
    rights: &[
        Right::namespaced("", "events", DELETE),
        Right::namespaced("events.k8s.io", "events", DELETE),
        Right::namespaced("wgpolicyk8s.io", "policyreports", DELETE),
        Right::cluster("wgpolicyk8s.io", "clusterpolicyreports", DELETE),
        Right::namespaced("openreports.io", "reports", DELETE),
        Right::cluster("openreports.io", "clusterreports", DELETE),
        Right::namespaced("aquasecurity.github.io", "vulnerabilityreports", DELETE),
        Right::namespaced("aquasecurity.github.io", "configauditreports", DELETE),
        // Everything at once.
        Right::namespaced("", "pods", ALL_AT_ONCE),
        Right::namespaced("", "secrets", ALL_AT_ONCE),
        Right::namespaced("", "configmaps", ALL_AT_ONCE),
        Right::namespaced("", "persistentvolumeclaims", ALL_AT_ONCE),
        Right::namespaced("apps", "deployments", ALL_AT_ONCE),
        Right::namespaced("apps", "statefulsets", ALL_AT_ONCE),
        Right::namespaced("apps", "daemonsets", ALL_AT_ONCE),
        Right::namespaced("batch", "jobs", ALL_AT_ONCE),
        Right::namespaced("batch", "cronjobs", ALL_AT_ONCE),
    ],
    severity: Severity::Medium,
    consequence: "after which nobody sees what was there",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/evidence-tampering",
    title: "Few subjects can delete events, logs or audit objects",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("evidence_tampering.md"),
    mappings: Mappings {
        nsa: &["rbac"],
        attack: &["MS-TA9021", "MS-TA9022", "MS-TA9038", "T1070"],
        kubescape: &["C-0007", "C-0031"],
        trivy: &["KSV-0042"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, LIVE],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may delete events and reports, or all objects of a kind at once",
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
