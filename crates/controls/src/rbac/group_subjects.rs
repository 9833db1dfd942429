//! `rbac/group-subjects`; prose and cases in `group_subjects.md`.

use seaworthy_authorization::Holder;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::rbac::bindings::{self, Bound};
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// Prefixes of users that are programs: those of Kubernetes, and of hosted clusters.
const PROGRAMS: &[&str] = &["system:", "eks:", "aks:", "gke:"];

pub(super) static CONTROL: Control = Control {
    id: "rbac/group-subjects",
    title: "People get rights through groups, not by name",
    phase: Phase::QuickWin,
    step: 4,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::GRANTS,
    page: include_str!("group_subjects.md"),
    mappings: Mappings { nsa: &["rbac"], attack: &["T1078"], ..Mappings::NONE },
    check: bindings::bindings(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(bound) = Bound::of(scope) else { return Verdict::NotApplicable };
    if bound.binding.descent.is_built_in() {
        return Verdict::Pass;
    }
    let faults: Vec<_> = bound
        .holders()
        .filter_map(|(holder, subject)| {
            let Holder::User(name) = holder else { return None };
            if undecided::is_open(name) || PROGRAMS.iter().any(|prefix| name.starts_with(prefix)) {
                return None;
            }
            let message = format!("{holder} is given `{}` by name, not through a group", bound.role_name());
            Some(bindings::fault(holder, subject, message, Severity::Low))
        })
        .collect();
    if faults.is_empty() {
        undecided::pass_of_subjects(scope.object.value, &["User"])
    } else {
        Verdict::Fail(faults)
    }
}
