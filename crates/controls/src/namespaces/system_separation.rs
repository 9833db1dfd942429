//! `namespaces/system-separation`; prose and cases in `system_separation.md`.

use seaworthy_evidence::Place;
use seaworthy_imaging::Reference;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::namespaces::{platform, undecided};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

/// Namespaces that every cluster has, whose names are worth imitating.
const IMITATED: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

pub(super) static CONTROL: Control = Control {
    id: "namespaces/system-separation",
    title: "Only system components run in system namespaces",
    phase: Phase::QuickWin,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::PLACEMENT,
    page: include_str!("system_separation.md"),
    mappings: Mappings {
        nsa: &["tenancy"],
        attack: &["MS-TA9023", "T1036.005"],
        trivy: &["KSV-0037"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let owner = scope.owner();
    let Some(namespace) = owner.namespace else { return undecided::left_open() };
    if !scope.around.settings.parameters.is_system_namespace(namespace) {
        let place = owner.value.at(&["metadata", "namespace"]).unwrap_or(owner.value);
        let imitated = IMITATED.into_iter().find(|name| seaworthy_policy::distance(namespace, name) <= 2);
        return Verdict::of(
            imitated.iter().map(|name| imitation(Place::at(place), namespace, name)).collect(),
        );
    }
    let mut faults = Vec::new();
    let mut undecided = false;
    for container in scope.pod().containers() {
        let Some(image) = container.value().get("image") else {
            undecided = true;
            continue;
        };
        match Reference::parse(image.text()) {
            Ok(reference) if platform::holds(&reference) => {}
            Ok(_) => {
                let message = format!("in `{namespace}`, but of no known component of the platform");
                faults.push(Fault::new(Place::at(image), message).in_container(container.name()));
            }
            Err(_) => undecided = true,
        }
    }
    match undecided && faults.is_empty() {
        true => Verdict::unknown(
            "in a system namespace, with an image that is not set or cannot be read here",
            "the manifests as they are applied, with the image filled in",
        ),
        false => Verdict::of(faults),
    }
}

fn imitation<'a>(place: Place<'a>, namespace: &str, imitated: &str) -> Fault<'a> {
    Fault::new(place, format!("`{namespace}` can be mistaken for `{imitated}`"))
}
