//! `rbac/token-creation`; prose and cases in `token_creation.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::risky::{self, Right, Risk};
use crate::rbac::{live, review};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

static RISK: Risk = Risk {
    rights: &[
        Right::namespaced("", "serviceaccounts/token", &["create"]),
        // A Secret with the annotation of an account is filled in with its token.
        Right::namespaced("", "secrets", &["create"]).with(&[
            "get",
            "list",
            "watch",
            "patch",
            "deletecollection",
        ]),
        // Bootstrap tokens.
        Right::namespaced("", "secrets", &["create"]).within("kube-system").lesser(),
    ],
    severity: Severity::High,
    consequence: "which makes credentials of other identities",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/token-creation",
    title: "Few subjects can mint service account tokens",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("token_creation.md"),
    mappings: Mappings {
        cis: &["5.1.13"],
        nsa: &["rbac"],
        attack: &["MS-TA9016", "T1528", "T1098"],
        kubescape: &["C-0282"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, LIVE],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may mint tokens of service accounts",
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
