//! `secrets/external-store`; prose and cases in `external_store.md`.

use std::collections::BTreeSet;

use seaworthy_evidence::Place;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::NamespaceScope;
use crate::secrets::uses;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "secrets/external-store",
    title: "Secrets come from an external store through the CSI driver",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECRET_STORE,
    page: include_str!("external_store.md"),
    mappings: Mappings {
        cis: &["5.4.2"],
        nsa: &["secrets"],
        attack: &["MS-TA9025", "T1552"],
        kubescape: &["C-0208", "C-0234"],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Namespace(check), Check::Reads(closed_world::SECRETS)]),
    guard: None,
    probes: &[],
};

/// One verdict for a namespace: where its secrets come from is decided for all of its workloads at once.
fn check<'a>(scope: &NamespaceScope<'_, 'a>) -> Verdict<'a> {
    let mut native: BTreeSet<&str> = BTreeSet::new();
    let mut from_store = false;
    for workload in &scope.workloads {
        native.extend(uses::secrets(&workload.pod));
        from_store |= workload.pod.volumes().any(|volume| uses::is_store_volume(&volume));
    }
    let Some(anchor) = scope.anchor().filter(|_| !native.is_empty()) else {
        return if from_store { Verdict::Pass } else { Verdict::NotApplicable };
    };
    let synced: BTreeSet<&str> = scope
        .objects_of_kind("ExternalSecret")
        .map(|external| {
            external
                .value
                .at(&["spec", "target", "name"])
                .and_then(|name| name.as_str())
                .unwrap_or(external.name)
        })
        .collect();
    let place = Place::at(anchor.value.at(&["metadata", "name"]).unwrap_or(anchor.value));
    let copied = native.iter().filter(|name| synced.contains(*name)).count();
    let names = names(&native);
    Verdict::fail(match native.len() - copied {
        0 => Fault::new(
            place,
            format!("{names}: copied from an external store into the API server by an operator"),
        )
        .graded(Severity::Low),
        _ => Fault::new(
            place,
            format!("{names}: kept in the API server and used by workloads of this namespace"),
        ),
    })
}

/// How many Secrets, and the first few by name.
fn names(secrets: &BTreeSet<&str>) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = secrets.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if secrets.len() > SHOWN { ", …" } else { "" };
    let noun = if secrets.len() == 1 { "Secret" } else { "Secrets" };
    format!("{} {noun} ({}{more})", secrets.len(), shown.join(", "))
}
