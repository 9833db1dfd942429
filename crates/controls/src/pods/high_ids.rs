//! `pods/high-ids`; prose and cases in `high_ids.md`.

use std::collections::HashSet;

use seaworthy_evidence::Place;
use seaworthy_podsecurity::{Container, Pod};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

use super::user_namespaces;

pub(super) static CONTROL: Control = Control {
    id: "pods/high-ids",
    title: "Containers run with user and group ids above the host's range",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("high_ids.md"),
    mappings: Mappings {
        cis: &["5.2.7"],
        nsa: &["nonroot"],
        attack: &["T1611"],
        kubescape: &["C-0013"],
        trivy: &["KSV-0020", "KSV-0021", "KSV-0116"],
        checkov: &["CKV_K8S_40"],
        kube_score: &["container-security-context-user-group-id"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let pod = scope.pod();
    let settings = scope.around.settings;
    if pod.is_windows() {
        return Verdict::NotApplicable;
    }
    if pod.host_users() == Some(false) && user_namespaces::on_by_default(settings.version) {
        return Verdict::Pass;
    }
    let of_containers =
        pod.containers().flat_map(|container| of_container(pod, container, settings.parameters.minimum_id));
    let mut faults: Vec<Fault<'a>> = group_zero(pod).chain(of_containers).collect();
    // What several containers inherit from the pod is one fault.
    let mut seen = HashSet::new();
    faults.retain(|fault| seen.insert((fault.place.value.id(), fault.place.missing)));
    Verdict::of(faults)
}

fn of_container<'a>(pod: &Pod<'a>, container: Container<'a>, minimum: i64) -> Vec<Fault<'a>> {
    let own = container.security_context();
    let effective = |key| {
        own.and_then(|own| own.get(key))
            .map(|value| (value, true))
            .or_else(|| Some((pod.security_context()?.get(key)?, false)))
    };
    let (mut faults, mut missing) = (Vec::new(), Vec::new());
    for key in ["runAsUser", "runAsGroup"] {
        match effective(key) {
            Some((value, _)) if value.as_i64().is_some_and(|id| id >= minimum) => {}
            Some((value, own)) => {
                let fault =
                    Fault::new(Place::at(value), format!("`{key}: {}` is below {minimum}", value.text()));
                faults.push(if own { fault.in_container(container.name()) } else { fault });
            }
            None => missing.push(key),
        }
    }
    let place = match (missing.as_slice(), own) {
        ([], _) => return faults,
        (["runAsGroup"], Some(own)) => Place::missing(own, "runAsGroup"),
        (["runAsGroup"], None) => Place::missing(container.value(), "securityContext.runAsGroup"),
        (_, Some(own)) => Place::missing(own, "runAsUser"),
        (_, None) => Place::missing(container.value(), "securityContext.runAsUser"),
    };
    let verb = if missing.len() == 1 { "is" } else { "are" };
    let message = format!("`{}` {verb} not set, so the image decides", missing.join("` and `"));
    faults.push(Fault::new(place, message).in_container(container.name()));
    faults
}

/// Groups of the pod that are root's.
fn group_zero<'a>(pod: &Pod<'a>) -> impl Iterator<Item = Fault<'a>> + use<'a> {
    let of_pod = |key| pod.security_context().and_then(|security| security.get(key));
    let supplemental = of_pod("supplementalGroups").into_iter().flat_map(|groups| groups.items());
    let groups = of_pod("fsGroup").map(|group| ("fsGroup", group)).into_iter();
    groups
        .chain(supplemental.map(|group| ("supplementalGroups", group)))
        .filter(|(_, group)| group.as_i64().is_none_or(|id| id == 0))
        .map(|(key, group)| {
            Fault::new(Place::at(group), format!("`{}` in `{key}` is the group of root", group.text()))
        })
}
