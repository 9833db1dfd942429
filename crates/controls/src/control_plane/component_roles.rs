//! `control-plane/component-roles`; prose and cases in `component_roles.md`.

use seaworthy_authorization::Holder;
use seaworthy_probe::{Attempt, Subject};

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::may_not::{self, Wanted, wanted};
use crate::probe::{Ground, Probe};
use crate::rbac::{bindings, undecided};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// The users as which the scheduler and the controller manager call the API server.
const COMPONENTS: &[&str] = &["system:kube-scheduler", "system:kube-controller-manager"];

pub(super) static CONTROL: Control = Control {
    id: "control-plane/component-roles",
    title: "Scheduler and controller-manager hold only their built-in roles",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::GRANTS,
    page: include_str!("component_roles.md"),
    mappings: Mappings { nsa: &["rbac"], attack: &["MS-TA9025", "T1078"], ..Mappings::NONE },
    check: bindings::bindings(check),
    guard: None,
    probes: &[RIGHTS],
};

const RIGHTS: Probe = may_not::probe(
    "The caller asks by SubjectAccessReview whether the scheduler may get Secrets or create pods, whether the controller \
           manager may create pods or grant roles, and whether either may do anything at all",
    plan_rights,
);

fn plan_rights(_: &Ground<'_, '_>) -> Vec<Attempt> {
    const SCHEDULER: &[Wanted] = &[
        wanted("get-secrets", "get", "", "secrets"),
        wanted("create-pods", "create", "", "pods"),
        wanted("everything", "*", "*", "*"),
    ];
    // It reads Secrets by the role that Kubernetes gives it.
    const MANAGER: &[Wanted] = &[
        wanted("create-pods", "create", "", "pods"),
        wanted("grant", "create", "rbac.authorization.k8s.io", "clusterrolebindings"),
        wanted("everything", "*", "*", "*"),
    ];
    let components = [("system:kube-scheduler", SCHEDULER), ("system:kube-controller-manager", MANAGER)];
    let attempts = components.map(|(user, rights)| {
        may_not::attempt(Subject::new("User", None, user), user, &["system:authenticated"], None, rights)
    });
    attempts.into()
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(bound) = bindings::Bound::of(scope) else { return Verdict::NotApplicable };
    if bound.binding.descent.is_built_in() {
        return Verdict::Pass;
    }
    let mut faults = Vec::new();
    for (holder, subject) in bound.holders() {
        let Holder::User(name) = holder else { continue };
        if !COMPONENTS.contains(&name) {
            continue;
        }
        let full = bound.role.is_some_and(|role| bound.policy.is_full(role));
        let severity = if full && bound.is_cluster_wide() { Severity::Critical } else { Severity::High };
        let message = format!(
            "`{name}` is given `{}` {}, beyond what Kubernetes gives it",
            bound.role_name(),
            bound.place()
        );
        faults.push(bindings::fault(holder, subject, message, severity));
    }
    match faults.is_empty() {
        false => Verdict::Fail(faults),
        true => undecided::pass_of_subjects(scope.object.value, &["User"]),
    }
}
