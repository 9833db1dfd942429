//! `images/signature-verified`; prose and cases in `signature_verified.md`.

use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, admission, images};

pub(super) static CONTROL: Control = Control {
    id: "images/signature-verified",
    title: "Images have a valid signature from an expected identity",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::IMAGE_CONTENT,
    page: include_str!("signature_verified.md"),
    mappings: Mappings {
        cis: &["5.5.1"],
        nsa: &["images"],
        attack: &["MS-TA9002", "T1195.002"],
        kubescape: &["C-0236", "C-0237"],
        ..Mappings::NONE
    },
    check: Check::ImageContent {
        needs: "the image's signatures, read from its registry, and the identities that may sign",
    },
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    not_fooled_by: "Pod Security, quotas and API validation, which know no images: their words are others; a policy that refuses the registry without looking for signatures, which is no answer",
    ..images::probe(
        "The caller dry-runs in each namespace of people a pod with an image that nobody can have signed, since its registry does not exist",
        "a refusal by a policy or webhook that speaks of signatures",
        plan,
    )
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    admission::each_namespace(ground, true, |namespace| images::signed(ground, namespace))
}
