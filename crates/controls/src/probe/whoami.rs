//! Who the API server takes somebody for.

use seaworthy_probe::{Answers, Identity, Request};
use serde_json::json;

/// Somebody asks who it is.
pub(crate) fn request(identity: Identity) -> Request {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).by(identity)
}

/// The user that a step was answered with.
pub(crate) fn user(answers: &Answers, step: &str) -> Option<String> {
    let answer = answers.get(step).filter(|answer| answer.status() == Some(201))?;
    answer.json()?.pointer("/status/userInfo/username")?.as_str().map(str::to_owned)
}

/// Its groups.
pub(crate) fn groups(answers: &Answers, step: &str) -> Option<Vec<String>> {
    let answer = answers.get(step).filter(|answer| answer.status() == Some(201))?;
    let json = answer.json()?;
    let groups = json.pointer("/status/userInfo/groups")?.as_array()?;
    Some(groups.iter().filter_map(|group| group.as_str().map(str::to_owned)).collect())
}

/// Whether a step was refused with the 401 of an API server, and not of something before it.
pub(crate) fn refused(answers: &Answers, step: &str) -> bool {
    answers.status(step) == Some(401)
        && answers.message(step) == "Unauthorized"
        && answers.get(step).is_some_and(|answer| answer.header("audit-id").is_some())
}
