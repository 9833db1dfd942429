//! `rbac/anonymous-bindings`; prose and cases in `anonymous_bindings.md`.

use seaworthy_authorization::Holder;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::rbac::bindings::{self, Bound};
use crate::rbac::public;
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

/// Who asks without credentials: a user and a group.
const ANONYMOUS: [Holder<'_>; 2] =
    [Holder::User("system:anonymous"), Holder::Group("system:unauthenticated")];

pub(super) static CONTROL: Control = Control {
    id: "rbac/anonymous-bindings",
    title: "No rights for anonymous or unauthenticated users",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::GRANTS,
    page: include_str!("anonymous_bindings.md"),
    mappings: Mappings {
        nsa: &["anonymous"],
        attack: &["MS-TA9005", "T1078"],
        kubescape: &["C-0262"],
        trivy: &["KSV-0122"],
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
    let faults: Vec<_> = bound
        .holders()
        .filter(|(holder, _)| ANONYMOUS.contains(holder))
        .filter_map(|(holder, subject)| {
            let name = bound.role_name();
            let (severity, grants) = match bound.role.map(|role| public::grants(bound.policy, role)) {
                Some(public::Grants::PublicInfo) => return None,
                Some(public::Grants::IssuerKeys) => (
                    Severity::Low,
                    "reads the issuer's public keys, which only federation with a cloud needs",
                ),
                Some(public::Grants::Discovery) => {
                    (Severity::Medium, "lists the API's groups and resources without credentials")
                }
                Some(public::Grants::Urls) => {
                    (Severity::High, "reads paths of the API server without credentials")
                }
                Some(public::Grants::More) | None => (Severity::Critical, "holds it without credentials"),
            };
            let message =
                format!("whoever reaches the API server has `{name}` {}: {holder} {grants}", bound.place());
            Some(bindings::fault(holder, subject, message, severity))
        })
        .collect();
    if faults.is_empty() {
        undecided::pass_of_subjects(scope.object.value, &["User", "Group"])
    } else {
        Verdict::Fail(faults)
    }
}
