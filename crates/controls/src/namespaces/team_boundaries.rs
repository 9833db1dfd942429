//! `namespaces/team-boundaries`; prose and cases in `team_boundaries.md`.

use std::collections::BTreeSet;

use seaworthy_evidence::{Object, Place};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::namespaces::undecided;
use crate::scope::NamespaceScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "namespaces/team-boundaries",
    title: "Each team or application has its own namespace",
    phase: Phase::QuickWin,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::OWNERSHIP,
    page: include_str!("team_boundaries.md"),
    mappings: Mappings {
        cis: &["5.6.1"],
        nsa: &["tenancy"],
        attack: &["T1078"],
        kubescape: &["C-0209"],
        ..Mappings::NONE
    },
    check: Check::Namespace(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &NamespaceScope<'_, 'a>) -> Verdict<'a> {
    let parameters = &scope.around.settings.parameters;
    let Some(name) = scope.name else { return undecided::left_open() };
    if name == "default" || parameters.is_system_namespace(name) {
        return Verdict::NotApplicable;
    }
    let Some(namespace) = scope.object else { return undecided::undeclared() };
    let place = Place::at(namespace.value.at(&["metadata", "name"]).unwrap_or(namespace.value));
    let owner = |object: &Object<'a>, key: &str| {
        object.label(key).or_else(|| object.annotation(key)).filter(|owner| !owner.is_empty())
    };
    let keys = &parameters.owner_labels;
    if !keys.iter().any(|key| owner(namespace, key).is_some()) {
        let any = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        return Verdict::fail(Fault::new(
            place,
            format!("nobody is named as the owner, by a label or annotation {any}"),
        ));
    }
    let faults = keys.iter().filter_map(|key| {
        let workloads =
            scope.workloads.iter().filter_map(|workload| scope.around.evidence.owner(workload).label(key));
        let owners: BTreeSet<&str> = workloads.chain(owner(namespace, key)).collect();
        (owners.len() > 1).then(|| {
            let names = owners.iter().map(|owner| format!("`{owner}`")).collect::<Vec<_>>().join(", ");
            Fault::new(place, format!("shared by workloads whose `{key}` differs: {names}"))
        })
    });
    Verdict::of(faults.collect())
}
