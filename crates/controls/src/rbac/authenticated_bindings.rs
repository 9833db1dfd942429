//! `rbac/authenticated-bindings`; prose and cases in `authenticated_bindings.md`.

use seaworthy_authorization::Holder;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::rbac::bindings::{self, Bound};
use crate::rbac::public::{self, Grants};
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "rbac/authenticated-bindings",
    title: "Groups of everybody, and of all accounts, hold only discovery",
    phase: Phase::QuickWin,
    step: 5,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::GRANTS,
    page: include_str!("authenticated_bindings.md"),
    mappings: Mappings {
        cis: &["5.1.2", "5.1.4"],
        nsa: &["rbac"],
        attack: &["MS-TA9019", "T1078"],
        kubescape: &["C-0265"],
        trivy: &["KSV-01011"],
        ..Mappings::NONE
    },
    check: bindings::bindings(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(bound) = Bound::of(scope) else { return Verdict::NotApplicable };
    if bound.binding.descent.is_built_in() {
        return Verdict::Pass;
    }
    let mut faults = Vec::new();
    for (holder, subject) in bound.holders() {
        let who = match holder {
            Holder::Group("system:authenticated") => "everybody with a credential",
            Holder::Group("system:serviceaccounts") => "every pod with a token",
            _ => continue,
        };
        let severity = match bound.role.map(|role| (public::grants(bound.policy, role), role)) {
            Some((Grants::More, role)) if bound.policy.is_full(role) => Severity::Critical,
            Some((Grants::More, _)) | None if bound.is_cluster_wide() => Severity::High,
            Some((Grants::More, _)) | None => Severity::Medium,
            Some((Grants::Urls, _)) => Severity::Low,
            Some(_) => continue,
        };
        let message = format!("{who} has `{}` {}", bound.role_name(), bound.place());
        faults.push(bindings::fault(holder, subject, message, severity));
    }
    if faults.is_empty() {
        undecided::pass_of_subjects(scope.object.value, &["Group"])
    } else {
        Verdict::Fail(faults)
    }
}
