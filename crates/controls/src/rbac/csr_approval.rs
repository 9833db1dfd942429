//! `rbac/csr-approval`; prose and cases in `csr_approval.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::review;
use crate::rbac::risky::{self, Right, Risk};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// The group of certificate requests and of the signers that they name.
const CERTIFICATES: &str = "certificates.k8s.io";

/// What the API server asks for when somebody approves or signs.
const ISSUE: &[&str] = &["approve", "sign", "attest"];

static RISK: Risk = Risk {
    rights: &[
        // The signers of people and of nodes.
        Right::cluster(CERTIFICATES, "signers", ISSUE).called(&[
            "kubernetes.io/*",
            "kubernetes.io/kube-apiserver-client",
            "kubernetes.io/kube-apiserver-client-kubelet",
            "kubernetes.io/legacy-unknown",
        ]),
        Right::cluster(CERTIFICATES, "signers", ISSUE).called_like("kubernetes.io/").lesser(),
    ],
    severity: Severity::High,
    consequence: "which makes certificates that the cluster trusts",
    by_verb: true,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/csr-approval",
    title: "Few subjects can approve or sign certificate requests",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("csr_approval.md"),
    mappings: Mappings {
        cis: &["5.1.11"],
        nsa: &["rbac"],
        attack: &["MS-TA9003", "T1649", "T1098"],
        kubescape: &["C-0280"],
        checkov: &["CKV_K8S_156"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may approve and sign for the signers of Kubernetes",
    plan,
);

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    review::attempts(ground, &RISK)
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    risky::judge(scope, &RISK)
}
