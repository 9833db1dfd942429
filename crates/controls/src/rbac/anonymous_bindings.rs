//! `rbac/anonymous-bindings`; prose and cases in `anonymous_bindings.md`.

use seaworthy_authorization::Holder;
use seaworthy_probe::{Attempt, Consent, SideEffect, Subject};

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, Right};
use crate::rbac::bindings::{self, Bound};
use crate::rbac::public;
use crate::rbac::review::{self, Question};
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
    probes: &[RIGHTS],
};

const RIGHTS: Probe = Probe {
    name: "rights",
    asks: "The caller asks by SubjectAccessReview what `system:anonymous` in `system:unauthenticated` may do: read secrets, pods and \
           `/metrics`, create pods, everything, and what bindings to it grant first",
    proved_by: "`allowed: false` for each",
    refuted_by: "`allowed: true` for one",
    not_fooled_by: "an authorizer that refuses everything, since a member of `system:masters` is allowed the same. It says what \
                    anonymous users could do, whether or not they are let in",
    positive_control: "a SelfSubjectAccessReview says that the caller may create SubjectAccessReviews",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::ACCESS_REVIEW],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let mut questions = Question::that_matter();
    questions.extend(review::granted(ground, |holder, grants| {
        ANONYMOUS.contains(holder) && grants != public::Grants::PublicInfo
    }));
    let groups = ["system:unauthenticated"];
    vec![review::of_everybody(Subject::cluster("system:anonymous"), "system:anonymous", &groups, &questions)]
}

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
