//! `rbac/workload-creation`; prose and cases in `workload_creation.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::risky::{self, Right, Risk};
use crate::rbac::{live, review};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// Verbs that put a pod of one's own in place.
const RUN: &[&str] = &["create", "update", "patch"];

static RISK: Risk = Risk {
    rights: &[
        Right::namespaced("", "pods", &["create"]),
        // The images of a pod can be changed, its account cannot.
        Right::namespaced("", "pods", &["update", "patch"]).lesser(),
        Right::namespaced("", "replicationcontrollers", RUN),
        Right::namespaced("apps", "deployments", RUN),
        Right::namespaced("apps", "daemonsets", RUN),
        Right::namespaced("apps", "statefulsets", RUN),
        Right::namespaced("apps", "replicasets", RUN),
        Right::namespaced("batch", "jobs", &["create"]),
        Right::namespaced("batch", "cronjobs", RUN),
        // Kinds of operators that hold a pod template or start one.
        Right::namespaced("argoproj.io", "rollouts", RUN),
        Right::namespaced("argoproj.io", "workflows", RUN),
        Right::namespaced("argoproj.io", "cronworkflows", RUN),
        Right::namespaced("serving.knative.dev", "services", RUN),
        Right::namespaced("tekton.dev", "taskruns", &["create"]),
        Right::namespaced("tekton.dev", "pipelineruns", &["create"]),
        Right::namespaced("apps.kruise.io", "clonesets", RUN),
        Right::namespaced("apps.kruise.io", "daemonsets", RUN),
        Right::namespaced("apps.kruise.io", "statefulsets", RUN),
        Right::namespaced("jobset.x-k8s.io", "jobsets", &["create"]),
        Right::namespaced("batch.volcano.sh", "jobs", &["create"]),
        Right::namespaced("kubevirt.io", "virtualmachines", RUN),
    ],
    severity: Severity::High,
    consequence: "and so runs code as other accounts",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/workload-creation",
    title: "Few subjects can create or change workloads",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("workload_creation.md"),
    mappings: Mappings {
        cis: &["5.1.4"],
        nsa: &["rbac"],
        attack: &["MS-TA9008", "MS-TA9011", "MS-TA9012", "MS-TA9014", "MS-TA9018", "T1610"],
        kubescape: &["C-0188"],
        trivy: &["KSV-0048", "KSV-0042"],
        kube_linter: &["access-to-create-pods"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, LIVE],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may create and change workloads",
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
