//! `access/no-standing-privilege`; prose and cases in `no_standing_privilege.md`.

use seaworthy_authorization::Holder;
use seaworthy_authorization::powers::Powers;

use crate::access::grants;
use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::rbac::bindings::{self, Bound, bindings};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "access/no-standing-privilege",
    title: "Privileged rights are granted just in time, not standing",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::High,
    scopes: &[Scope::Cluster, Scope::Audit],
    change: &change::ACCESS,
    page: include_str!("no_standing_privilege.md"),
    mappings: Mappings {
        cis: &["5.1.1"],
        nsa: &["rbac"],
        attack: &["MS-TA9019", "T1078.003", "T1098"],
        ..Mappings::NONE
    },
    check: bindings(check),
    guard: None,
    probes: &[],
};

/// What makes a role as good as that of an administrator, where it is held in the whole cluster.
const ADMINISTRATOR: &[Powers] =
    &[Powers::FULL, Powers::BIND, Powers::ESCALATE_CLUSTER_ROLES, Powers::IMPERSONATE_USERS];

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    // In files every binding stands: whether one is made for an hour shows in the cluster.
    let Some(bound) = Bound::of(scope).filter(|_| scope.around.is_live()) else {
        return Verdict::NotApplicable;
    };
    if bound.binding.descent.is_built_in() {
        return Verdict::Pass;
    }
    let Some(role) = bound.role else { return bound.unknown_role() };
    let powers = bound.policy.powers(role);
    let equal = bound.policy.is_full(role) || ADMINISTRATOR.iter().any(|needed| powers.has(*needed));
    if !equal || !bound.is_cluster_wide() {
        return Verdict::NotApplicable;
    }
    let parameters = &scope.around.settings.parameters;
    let people: Vec<_> = bound
        .holders()
        .filter(|(holder, _)| {
            is_of_people(*holder) && !parameters.break_glass.iter().any(|name| name == holder.name())
        })
        .collect();
    if people.is_empty() {
        return Verdict::NotApplicable;
    }
    if grants::end(scope.object, parameters).is_some() {
        return Verdict::Pass;
    }
    let faults = people.into_iter().map(|(holder, subject)| {
        let message = format!("{} `{}` holds `{}` for ever", holder.kind(), holder.name(), bound.role_name());
        bindings::fault(holder, subject, message, Severity::High)
    });
    Verdict::Fail(faults.collect())
}

/// Users and groups that no component of Kubernetes is.
fn is_of_people(holder: Holder<'_>) -> bool {
    matches!(holder, Holder::User(_) | Holder::Group(_)) && !holder.name().starts_with("system:")
}
