//! `access/stale-subjects`; prose and cases in `stale_subjects.md`.

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::rbac::bindings::{Bound, bindings};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

use seaworthy_authorization::Holder;

pub(super) static CONTROL: Control = Control {
    id: "access/stale-subjects",
    title: "Users who left hold no access",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::Medium,
    scopes: &[Scope::Cluster, Scope::Audit],
    change: &change::ACCESS,
    page: include_str!("stale_subjects.md"),
    mappings: Mappings { nsa: &["rbac"], attack: &["T1078"], ..Mappings::NONE },
    check: bindings(check),
    guard: None,
    probes: &[],
};

/// Accounts are the matter of `rbac/dangling-bindings`; who belongs to a group says the identity provider, or a
/// certificate.
fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(bound) = Bound::of(scope).filter(|_| scope.around.is_live()) else {
        return Verdict::NotApplicable;
    };
    if bound.binding.descent.is_built_in() {
        return Verdict::Pass;
    }
    let of_people = |holder: Holder<'a>| !holder.name().starts_with("system:");
    let users = bound.holders().any(|(holder, _)| matches!(holder, Holder::User(_)) && of_people(holder));
    let groups = bound.holders().any(|(holder, _)| matches!(holder, Holder::Group(_)) && of_people(holder));
    match (users, groups) {
        (true, _) => Verdict::unknown(
            "a user is bound by name, and whether this person still works here does not stand in the cluster",
            "the list of people of the identity provider, or audit events of 90 days in which the user is seen",
        ),
        (false, true) => Verdict::unknown(
            "a group is bound, and who belongs to it does not stand in the cluster",
            "the members of the group at the identity provider, and the certificates that name it",
        ),
        (false, false) => Verdict::Pass,
    }
}
