//! `rbac/secret-access`; prose and cases in `secret_access.md`.

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
        // The answers of `patch` and `deletecollection` hold the objects as well.
        Right::namespaced("", "secrets", &["get", "list", "watch", "patch", "deletecollection"]),
    ],
    severity: Severity::High,
    consequence: "which hold passwords, keys and tokens",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/secret-access",
    title: "Few subjects can read Secrets",
    phase: Phase::QuickWin,
    step: 5,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("secret_access.md"),
    mappings: Mappings {
        cis: &["5.1.2"],
        nsa: &["rbac"],
        attack: &["MS-TA9025", "T1552.007"],
        kubescape: &["C-0015", "C-0186"],
        trivy: &["KSV-0041", "KSV-0113"],
        checkov: &["CKV2_K8S_5"],
        kube_linter: &["access-to-secrets"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, LIVE],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may read Secrets",
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
