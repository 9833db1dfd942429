//! Probes by dry runs of pods whose images should not be let in.

use seaworthy_probe::{Answers, Attempt, Consent, Outcome, SideEffect, Step};
use serde_json::Value;

use super::admission::{self, Refuser, Said, said_of};
use super::{Ground, Probe, pod_security};

/// A probe by dry runs of such pods.
pub(crate) const fn probe(
    asks: &'static str,
    proved_by: &'static str,
    plan: fn(&Ground<'_, '_>) -> Vec<Attempt>,
) -> Probe {
    Probe {
        name: "dry-run",
        asks,
        proved_by,
        refuted_by: "201",
        not_fooled_by: "Pod Security, quotas and API validation, which know no images: their words are others",
        positive_control: "the same pod with an image that should be allowed is let in by the same caller in the same \
                           namespace, or stopped by nothing but a quota",
        consent: Consent::Read,
        side_effect: SideEffect::AuditLine,
        rights: &[pod_security::PODS],
        plan,
    }
}

/// The image that is tried, beside the same one as it should be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    /// The same image without its digest.
    Tagged,
    /// An image of a registry that does not exist (RFC 6761), as well pinned.
    Unknown,
}

/// A pod with an image that should be refused, beside one with an image that runs in the namespace already.
pub(crate) fn attempt(ground: &Ground<'_, '_>, namespace: &str, tried: Tried, what: &'static str) -> Attempt {
    let (twin, image) = images(ground, namespace, tried);
    let steps = steps(namespace, &twin, &image);
    Attempt::new(admission::namespace_subject(namespace), steps, move |answers| {
        match said_of(answers, "image") {
            Said::Policy(who) => Outcome::proved("image", format!("{who} refuses {what}")),
            Said::Admitted(pod) => match image_of(&pod) {
                Some(found) if tried == Tried::Tagged && found.contains("@sha256:") => {
                    Outcome::proved("image", "its digest is filled in")
                }
                Some(found) if found == image.as_str() => {
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
    let (twin, image) = images(ground, namespace, Tried::Unknown);
    let steps = steps(namespace, &twin, &image);
    Attempt::new(admission::namespace_subject(namespace), steps, move |answers| {
        match said_of(answers, "image") {
            // An expression sees the name of an image and nothing that was signed, whatever its message says.
            Said::Policy(who @ Refuser::Expressions(_)) => {
                Outcome::inconclusive("image", format!("{who} refuses the image by its name"))
                    .needs("an image of an allowed registry that nobody has signed")
            }
            Said::Policy(who) => {
                let message = answers.message("image").to_lowercase();
                let words = ["signature", "signed", "cosign", "notation", "sigstore"];
                match words.iter().any(|word| message.contains(word)) {
                    true => Outcome::proved("image", format!("{who} refuses an image without a signature")),
                    false => {
                        let reason = format!("{who} refuses the image, and does not speak of signatures");
                        Outcome::inconclusive("image", reason)
                            .needs("an image of an allowed registry that nobody has signed")
                    }
                }
            }
            Said::Admitted(pod) if image_of(&pod) == Some(image.as_str()) => {
                Outcome::refuted("image", "a pod with an image that nobody can have signed is let in")
            }
            _ => open(answers),
        }
    })
}

/// The image that should be let in, pinned, of those that run in the namespace; and the one that should not, which differs
/// from it in nothing else.
fn images(ground: &Ground<'_, '_>, namespace: &str, tried: Tried) -> (String, String) {
    let evidence = ground.evidence;
    let running =
        evidence.workloads().iter().filter(|workload| evidence.owner(workload).namespace == Some(namespace));
    let mut images =
        running.flat_map(|workload| workload.pod.containers().filter_map(|container| container.image()));
    let pinned = images.find(|image| image.contains("@sha256:")).unwrap_or(admission::PAUSE);
    let (name, digest) = pinned.split_once('@').unwrap_or((pinned, ""));
    let is_tagged = name.rsplit('/').next().is_some_and(|last| last.contains(':'));
    let tagged = if is_tagged { name.to_owned() } else { format!("{name}:1") };
    let twin = format!("{tagged}@{digest}");
    match tried {
        Tried::Tagged => (twin, tagged),
        Tried::Unknown => (twin, format!("registry.invalid/seaworthy/probe:1@{digest}")),
    }
}

fn steps(namespace: &str, twin: &str, image: &str) -> Vec<Step> {
    let with = |image: &str| {
        let mut pod = admission::compliant_pod();
        admission::container(&mut pod)["image"] = image.into();
        admission::dry_run_pod(namespace, &pod)
    };
    vec![Step::control("compliant", with(twin), admission::admitted), Step::ask("image", with(image))]
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
