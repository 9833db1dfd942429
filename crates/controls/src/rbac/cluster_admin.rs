//! `rbac/cluster-admin`; prose and cases in `cluster_admin.md`.

use seaworthy_authorization::Holder;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::rbac::bindings::{self, Bound};
use crate::rbac::holders::MASTERS;
use crate::rbac::review::{self, Inquiry, Question};
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "rbac/cluster-admin",
    title: "Cluster-admin is bound only to known break-glass subjects",
    phase: Phase::QuickWin,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::GRANTS,
    page: include_str!("cluster_admin.md"),
    mappings: Mappings {
        cis: &["5.1.1"],
        nsa: &["rbac"],
        attack: &["MS-TA9019", "T1078.003"],
        kubescape: &["C-0035", "C-0185"],
        trivy: &["KSV-0111"],
        kube_linter: &["cluster-admin-role-binding"],
        polaris: &[
            "clusterrolebindingClusterAdmin",
            "rolebindingClusterAdminClusterRole",
            "rolebindingClusterAdminRole",
        ],
        ..Mappings::NONE
    },
    check: bindings::bindings(check),
    guard: None,
    probes: &[RIGHTS],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings of full roles, a made-up user and made-up accounts may do \
     everything, `*` on `*`",
    plan,
);

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let everything = Question::new("*", "*", "*");
    let policy = ground.evidence.access().policy();
    let mut inquiry = Inquiry::default();
    for binding in policy.bindings().iter().filter(|binding| !binding.descent.is_built_in()) {
        if !policy.role_bound(binding).is_some_and(|role| policy.is_full(role)) {
            continue;
        }
        let holders = binding.subjects().filter_map(|subject| Holder::of(subject, binding.namespace));
        for holder in holders.filter(|holder| *holder != Holder::Group(MASTERS)) {
            inquiry.add(holder, everything.clone().at(binding.place()));
        }
    }
    inquiry.attempts(ground, &[everything])
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(bound) = Bound::of(scope) else { return Verdict::NotApplicable };
    if bound.binding.descent.is_built_in() {
        return Verdict::Pass;
    }
    let Some(role) = bound.role else { return bound.unknown_role() };
    if !bound.policy.is_full(role) {
        return undecided::pass_of_binding(scope.object.value);
    }
    let severity = if bound.is_cluster_wide() { Severity::Critical } else { Severity::High };
    let holders = bound.holders().filter(|(holder, _)| *holder != Holder::Group(MASTERS));
    let faults: Vec<_> = holders
        .map(|(holder, subject)| {
            let message = format!("{holder} may do everything {}, by `{}`", bound.place(), role.name);
            bindings::fault(holder, subject, message, severity)
        })
        .collect();
    if faults.is_empty() { undecided::pass_of_binding(scope.object.value) } else { Verdict::Fail(faults) }
}
