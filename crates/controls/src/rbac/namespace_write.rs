//! `rbac/namespace-write`; prose and cases in `namespace_write.md`.

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
        Right::namespaced("", "namespaces", &["update", "patch"]),
        Right::namespaced("", "namespaces", &["delete"]).lesser(),
        Right::namespaced("", "resourcequotas", WRITE).lesser(),
        Right::namespaced("", "limitranges", WRITE).lesser(),
    ],
    severity: Severity::High,
    consequence: "which set the limits of pods",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/namespace-write",
    title: "Few subjects can change namespaces and their security labels",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("namespace_write.md"),
    mappings: Mappings { nsa: &["rbac"], attack: &["MS-TA9018", "T1562"], ..Mappings::NONE },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, LIVE],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may change namespaces, quotas and limit ranges",
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
