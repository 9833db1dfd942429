//! What probes by SubjectAccessReview share.

use seaworthy_probe::{Identity, Request, Step, expect};
use serde_json::json;

/// The positive control of all reviews: whether the caller may ask for them, by a review of itself, which everybody may ask for.
pub(crate) fn control() -> Step {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {
            "verb": "create", "group": "authorization.k8s.io", "resource": "subjectaccessreviews",
        }},
    });
    let request = Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review);
    Step::control("may-review", request.by(Identity::Caller), expect::allowed)
}
