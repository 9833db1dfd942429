//! What somebody must not be allowed, asked by SubjectAccessReview.

use seaworthy_probe::{Attempt, Consent, Outcome, Request, SideEffect, Step, Subject};
use serde_json::json;

use super::{Ground, Probe, Right, access_review};

/// A probe of the form "these may not …".
pub(crate) const fn probe(asks: &'static str, plan: fn(&Ground<'_, '_>) -> Vec<Attempt>) -> Probe {
    Probe {
        name: "rights",
        asks,
        proved_by: "`allowed: false` for each",
        refuted_by: "`allowed: true` for one",
        not_fooled_by: "an authorizer that refuses everything: what the caller does here itself is granted to it. Rights that \
                    were not asked for are not seen",
        positive_control: "a SelfSubjectAccessReview says that the caller may create SubjectAccessReviews",
        consent: Consent::Read,
        side_effect: SideEffect::AuditLine,
        rights: &[Right::ACCESS_REVIEW],
        plan,
    }
}

/// A right that is asked for: the name of the step, and what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) step: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) group: &'static str,
    pub(crate) resource: &'static str,
}

/// A right that is asked for.
pub(crate) const fn wanted(
    step: &'static str,
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
) -> Wanted {
    Wanted { step, verb, group, resource }
}

/// Asks for each of some rights of a user, in one namespace or in all: none may be granted.
pub(crate) fn attempt(
    subject: Subject,
    user: &str,
    groups: &[&str],
    namespace: Option<&str>,
    rights: &'static [Wanted],
) -> Attempt {
    let mut steps = vec![access_review::control()];
    steps.extend(rights.iter().map(|right| {
        let (group, resource) = (right.group, right.resource);
        let mut attributes = json!({"verb": right.verb, "group": group, "resource": resource});
        if let Some(namespace) = namespace {
            attributes["namespace"] = namespace.into();
        }
        let attributes = json!({"resourceAttributes": attributes});
        Step::ask(right.step, Request::access_review(user, groups, &attributes))
    }));
    let user = user.to_owned();
    Attempt::new(subject, steps, move |answers| {
        let mut last = "may-review";
        for right in rights {
            match answers.allowed(right.step) {
                Some((false, _)) => last = right.step,
                Some((true, why)) => {
                    let reason = format!("`{user}` may {} `{}`: {why}", right.verb, right.resource);
                    return Outcome::refuted(right.step, reason);
                }
                None => return answers.inconclusive(right.step),
            }
        }
        Outcome::proved(
            last,
            format!("`{user}` may do none of the {} things that were asked for", rights.len()),
        )
    })
}
