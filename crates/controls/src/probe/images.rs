//! Probes by dry runs of pods whose images should not be let in.

use seaworthy_probe::{Answers, Attempt, Outcome, Step};
use serde_json::Value;

use super::Ground;
use super::admission::{self, Said, said_of};

/// An image that every cluster may know, without its digest.
pub(crate) const TAGGED: &str = "registry.k8s.io/pause:3.10";

/// An image that nobody knows: names that end like this never exist (RFC 6761).
pub(crate) const UNKNOWN: &str = "registry.invalid/seaworthy/probe:1";

/// What something may fill in, so that nothing has to be refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// The digest.
    Digest,
    /// Nothing.
    Nothing,
}

/// A pod with an image that should be refused, beside one with an image that runs in the namespace already.
pub(crate) fn attempt(
    ground: &Ground<'_, '_>,
    namespace: &str,
    image: &'static str,
    what: &'static str,
    filled: Filled,
) -> Attempt {
    Attempt::new(admission::namespace_subject(namespace), steps(ground, namespace, image), move |answers| {
        match said_of(answers, "image") {
            Said::Policy(who) => Outcome::proved("image", format!("{who} refuses {what}")),
            Said::Admitted(pod) => match image_of(&pod) {
                Some(found) if filled == Filled::Digest && found.contains("@sha256:") => {
                    Outcome::proved("image", "its digest is filled in")
                }
                Some(found) if found == image => {
                    Outcome::refuted("image", format!("a pod with {what} is let in"))
                }
                _ => Outcome::inconclusive("image", "something put another image in its place"),
            },
            _ => open(answers),
        }
    })
}

/// A pod with an image that nobody can have signed.
pub(crate) fn signed(ground: &Ground<'_, '_>, namespace: &str) -> Attempt {
    Attempt::new(admission::namespace_subject(namespace), steps(ground, namespace, UNKNOWN), |answers| {
        match said_of(answers, "image") {
            Said::Policy(who) => {
                let message = answers.message("image").to_lowercase();
                match ["signature", "signed", "cosign", "notation", "sigstore"]
                    .iter()
                    .any(|word| message.contains(word))
                {
                    true => Outcome::proved("image", format!("{who} refuses an image without a signature")),
                    false => Outcome::inconclusive(
                        "image",
                        format!("{who} refuses the image, and does not speak of signatures"),
                    )
                    .needs("an image of an allowed registry that nobody has signed"),
                }
            }
            Said::Admitted(pod) if image_of(&pod) == Some(UNKNOWN) => {
                Outcome::refuted("image", "a pod with an image that nobody can have signed is let in")
            }
            _ => open(answers),
        }
    })
}

fn steps(ground: &Ground<'_, '_>, namespace: &str, image: &str) -> Vec<Step> {
    let with = |image: &str| {
        let mut pod = admission::compliant_pod();
        admission::container(&mut pod)["image"] = image.into();
        admission::dry_run_pod(namespace, &pod)
    };
    let running = ground
        .evidence
        .workloads()
        .iter()
        .filter(|workload| ground.evidence.owner(workload).namespace == Some(namespace));
    let mut images =
        running.flat_map(|workload| workload.pod.containers().filter_map(|container| container.image()));
    let pinned = images.find(|image| image.contains("@sha256:")).unwrap_or(admission::PAUSE);
    vec![Step::control("compliant", with(pinned), admission::admitted), Step::ask("image", with(image))]
}

fn image_of(pod: &Value) -> Option<&str> {
    pod.pointer("/spec/containers/0/image").and_then(Value::as_str)
}

fn open(answers: &Answers) -> Outcome {
    match said_of(answers, "image") {
        Said::Quota(_) => Outcome::inconclusive("image", "nothing but a quota that is used up refuses it")
            .needs("room in the ResourceQuota of the namespace"),
        _ => answers.inconclusive("image"),
    }
}
