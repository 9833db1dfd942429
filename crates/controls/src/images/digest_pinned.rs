//! `images/digest-pinned`; prose and cases in `digest_pinned.md`.

use seaworthy_imaging::ReferenceError;
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::images::references::{self, Judged};
use crate::probe::{Ground, Probe, admission, images};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "images/digest-pinned",
    title: "Images are pinned by complete sha256 digest",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::IMAGE_REFERENCE,
    page: include_str!("digest_pinned.md"),
    mappings: Mappings {
        cis: &["5.5.1"],
        nsa: &["images"],
        attack: &["MS-TA9002", "T1525", "T1195.002"],
        kubescape: &["C-0306"],
        checkov: &["CKV_K8S_43"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    refuted_by: "201 with the tag alone",
    ..images::probe(
        "The caller dry-runs in each namespace of people a pod whose image has a tag and no digest",
        "a refusal by a policy or webhook, or 201 with a digest filled in",
        plan,
    )
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    admission::each_namespace(ground, true, |namespace| {
        images::attempt(ground, namespace, images::Tried::Tagged, "an image without a digest")
    })
}

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    references::judge(scope.pod(), |reference| match reference {
        Ok(reference) if reference.is_pinned() => Judged::Holds,
        Ok(reference) => Judged::Fails(match (reference.digest(), reference.tag()) {
            (Some(_), _) => "the digest is not a sha256".to_owned(),
            (None, Some(tag)) => format!("pinned by nothing but the tag `{tag}`"),
            (None, None) => "pinned by nothing, not even a tag".to_owned(),
        }),
        Err(ReferenceError::Digest) => {
            Judged::Fails("the digest is not `sha256:` and 64 hexadecimal digits".to_owned())
        }
        Err(error) => Judged::Undecided(error),
    })
}
