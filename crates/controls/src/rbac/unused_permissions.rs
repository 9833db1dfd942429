//! `rbac/unused-permissions`; prose and cases in `unused_permissions.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::closed_world::{self, CLUSTER};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::rbac::holders::{self, Held};
use crate::rbac::risky::roles;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "rbac/unused-permissions",
    title: "Granted rights match what is used",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::Medium,
    scopes: &[Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("unused_permissions.md"),
    mappings: Mappings { cis: &["5.1.3"], nsa: &["rbac"], attack: &["T1078", "T1098"], ..Mappings::NONE },
    check: Check::Several(&[Check::Object { kinds: CLUSTER, check: judge_cluster }, roles(judge_role)]),
    guard: None,
    probes: &[],
};

fn judge_cluster<'a>(_: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    Verdict::unknown(
        "which of the rights that are held are in use stands in the audit log, which is not read here",
        "audit events of 30 days, to compare with the roles",
    )
}

/// A role that nothing binds grants nothing to anybody; in files it may be bound elsewhere.
fn judge_role<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let access = scope.around.evidence.access();
    let Some(role) = access.role(scope.object).filter(|_| scope.around.is_live()) else {
        return Verdict::NotApplicable;
    };
    let policy = access.policy();
    let flows = policy.flows_into(role).next().is_some();
    if role.descent.is_built_in()
        || flows
        || closed_world::hides_grants(&scope.around, scope.object.namespace)
    {
        return Verdict::NotApplicable;
    }
    match holders::of(policy, role) {
        Held::Nobody => {
            let place = Place::at(scope.object.value.at(&["metadata", "name"]).unwrap_or(scope.object.value));
            Verdict::fail(
                Fault::new(place, "nobody is bound to this role: it can be removed").graded(Severity::Low),
            )
        }
        // Whether what is bound is used is the question above.
        Held::By(_) | Held::Expected => Verdict::NotApplicable,
    }
}
