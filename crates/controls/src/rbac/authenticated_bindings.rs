//! `rbac/authenticated-bindings`; prose and cases in `authenticated_bindings.md`.

use seaworthy_authorization::Holder;
use seaworthy_probe::{Attempt, Consent, SideEffect, Subject};

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, Right};
use crate::rbac::bindings::{self, Bound};
use crate::rbac::public::{self, Grants};
use crate::rbac::review::{self, Question};
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
    probes: &[RIGHTS],
};

const RIGHTS: Probe = Probe {
    name: "rights",
    asks: "The caller asks by SubjectAccessReview what a made-up user in `system:authenticated`, and a made-up account in \
           `system:serviceaccounts`, may do: read secrets, pods and `/metrics`, create pods, everything, and what bindings to these \
           groups grant first",
    proved_by: "`allowed: false` for each",
    refuted_by: "`allowed: true` for one",
    not_fooled_by: "an authorizer that refuses everything, since a member of `system:masters` is allowed the same; rights of \
                    somebody in particular, since nobody is called like that",
    positive_control: "a SelfSubjectAccessReview says that the caller may create SubjectAccessReviews",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::ACCESS_REVIEW],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let of_group = |group: &str| {
        let mut questions = Question::that_matter();
        questions.extend(review::granted(ground, |holder, grants| {
            *holder == Holder::Group(group) && matches!(grants, Grants::More | Grants::Urls)
        }));
        questions
    };
    let account = "system:serviceaccount:seaworthy-nowhere:seaworthy-probe";
    let groups =
        ["system:serviceaccounts", "system:serviceaccounts:seaworthy-nowhere", "system:authenticated"];
    vec![
        review::of_everybody(
            Subject::cluster("system:authenticated"),
            "seaworthy:probe",
            &["system:authenticated"],
            &of_group("system:authenticated"),
        ),
        review::of_everybody(
            Subject::cluster("system:serviceaccounts"),
            account,
            &groups,
            &of_group("system:serviceaccounts"),
        ),
    ]
}

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
