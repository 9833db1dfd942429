//! `access/grant-expiry`; prose and cases in `grant_expiry.md`.

use seaworthy_evidence::Place;

use crate::access::grants;
use crate::change;
use crate::clock;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::rbac::bindings::bindings;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "access/grant-expiry",
    title: "Every temporary grant expires and is removed",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::High,
    scopes: &[Scope::Cluster, Scope::Audit],
    change: &change::ACCESS,
    page: include_str!("grant_expiry.md"),
    mappings: Mappings { nsa: &["rbac"], attack: &["T1078", "T1098"], ..Mappings::NONE },
    check: bindings(check),
    guard: None,
    probes: &[],
};

/// Only bindings that bear their end are judged: others are the matter of `access/no-standing-privilege`.
fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    const NEEDS: &str = "the annotation with the end of the grant, as `2027-01-31T18:00:00Z`";
    let parameters = &scope.around.settings.parameters;
    let Some(end) = grants::end(scope.object, parameters).filter(|_| scope.around.is_live()) else {
        return Verdict::NotApplicable;
    };
    let Some(moment) = clock::seconds(end.text()) else {
        return Verdict::unknown("the end of the grant is no moment that can be read", NEEDS);
    };
    let Some(now) = clock::now(&scope.around) else {
        return Verdict::unknown("the record of the cluster does not tell when it was made", NEEDS);
    };
    if moment < now {
        let message = format!("the grant ended on {} and is still in force", clock::day(moment));
        return Verdict::fail(Fault::new(Place::at(end), message));
    }
    let created = scope.object.value.at(&["metadata", "creationTimestamp"]);
    let hours =
        created.and_then(|at| clock::seconds(at.text())).map(|start| (moment - start).div_euclid(3600));
    match hours {
        Some(hours) if hours > parameters.longest_grant_hours => {
            let message = format!(
                "the grant is for {hours} hours, and {} are the longest that is agreed on",
                parameters.longest_grant_hours
            );
            Verdict::fail(Fault::new(Place::at(end), message).graded(Severity::Medium))
        }
        Some(_) => Verdict::Pass,
        None => Verdict::unknown(
            "nothing tells when the grant was made",
            "`metadata.creationTimestamp` of the binding",
        ),
    }
}
