//! `rbac/admission-write`; prose and cases in `admission_write.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::risky::{self, Right, Risk, WRITE};
use crate::rbac::{live, review};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// The group of webhooks and admission policies.
const ADMISSION: &str = "admissionregistration.k8s.io";

static RISK: Risk = Risk {
    rights: &[
        Right::cluster(ADMISSION, "mutatingwebhookconfigurations", WRITE),
        Right::cluster(ADMISSION, "validatingwebhookconfigurations", WRITE),
        Right::cluster(ADMISSION, "mutatingadmissionpolicies", WRITE),
        Right::cluster(ADMISSION, "mutatingadmissionpolicybindings", WRITE),
        Right::cluster(ADMISSION, "validatingadmissionpolicies", WRITE),
        Right::cluster(ADMISSION, "validatingadmissionpolicybindings", WRITE),
        Right::cluster("apiregistration.k8s.io", "apiservices", WRITE),
        // By `spec.conversion`; what is new converts nothing of others.
        Right::cluster("apiextensions.k8s.io", "customresourcedefinitions", &["update", "patch"]).lesser(),
    ],
    severity: Severity::High,
    consequence: "through which the requests of others pass",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/admission-write",
    title: "Few subjects can change webhooks and admission policies",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("admission_write.md"),
    mappings: Mappings {
        cis: &["5.1.12"],
        nsa: &["rbac"],
        attack: &["MS-TA9015", "T1546"],
        kubescape: &["C-0036", "C-0039", "C-0281"],
        trivy: &["KSV-0114"],
        checkov: &["CKV_K8S_155"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, LIVE],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may write webhook configurations, admission policies, APIServices and custom resource definitions",
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
