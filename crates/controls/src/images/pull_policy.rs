//! `images/pull-policy`; prose and cases in `pull_policy.md`.

use seaworthy_evidence::Place;
use seaworthy_imaging::Reference;
use seaworthy_probe::{Attempt, Consent, SideEffect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::images::references;
use crate::probe::{Ground, Probe, admission, pod_security};
use crate::scope::ContainerScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "images/pull-policy",
    title: "Cached images cannot be used without pull rights",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::IMAGE_REFERENCE,
    page: include_str!("pull_policy.md"),
    mappings: Mappings {
        cis: &["1.2.11"],
        nsa: &["images"],
        attack: &["MS-TA9037", "T1525"],
        kubescape: &["C-0075"],
        checkov: &["CKV_K8S_15"],
        polaris: &["pullPolicyNotAlways"],
        kube_score: &["container-image-pull-policy"],
        ..Mappings::NONE
    },
    check: Check::Container(check),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller dry-runs in each namespace of people a pod with `imagePullPolicy: IfNotPresent`",
    proved_by: "201, with `Always` in its place, or a refusal by a policy or webhook",
    refuted_by: "201, with `IfNotPresent`",
    not_fooled_by: "the default of the API server, which fills in only what is not stated. Kubelets that verify pull rights of \
                    images that they have are not asked",
    positive_control: "a pod with `Always` is let in by the same caller in the same namespace",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[pod_security::PODS],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    admission::each_namespace(ground, true, |namespace| {
        admission::pulled(admission::namespace_subject(namespace), namespace)
    })
}

fn check<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {
    let container = scope.container.value();
    let policy = container.get("imagePullPolicy");
    let place = policy.map_or(Place::missing(container, "imagePullPolicy"), Place::at);
    match policy.map(|policy| policy.text()) {
        Some("Always") => return Verdict::Pass,
        Some("Never") => {
            return Verdict::fail(Fault::new(place, "`imagePullPolicy: Never` runs whatever the node has"));
        }
        None | Some("IfNotPresent" | "") => {}
        Some(_) => {
            return Verdict::fail(Fault::new(
                place,
                "`imagePullPolicy` is none of `Always`, `IfNotPresent` and `Never`",
            ));
        }
    }
    let Some(image) = scope.container.image() else {
        return Verdict::unknown("the image is not set here", references::NEEDS);
    };
    if references::is_filled_in_later(image) {
        return Verdict::unknown("the image is filled in later", references::NEEDS);
    }
    match Reference::parse(image) {
        Err(error) => Verdict::unknown(error.to_string(), references::NEEDS),
        Ok(image) if image.is_pinned() => Verdict::Pass,
        // The API server fills in `Always` for `latest`, written or implied.
        Ok(image) if policy.is_none() && matches!(image.tag(), None | Some("latest")) => Verdict::Pass,
        Ok(_) if policy.is_none() => Verdict::fail(Fault::new(
            place,
            "`imagePullPolicy` is not set, which means `IfNotPresent` for this tag",
        )),
        Ok(_) => Verdict::fail(Fault::new(place, "`imagePullPolicy: IfNotPresent`")),
    }
}
