//! `namespaces/default-unused`; prose and cases in `default_unused.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::namespaces::undecided;
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "namespaces/default-unused",
    title: "Workloads do not run in the default namespace",
    phase: Phase::QuickWin,
    step: 8,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::PLACEMENT,
    page: include_str!("default_unused.md"),
    mappings: Mappings {
        cis: &["5.6.4"],
        nsa: &["tenancy"],
        attack: &["MS-TA9008"],
        kubescape: &["C-0061", "C-0212"],
        trivy: &["KSV-0110"],
        checkov: &["CKV_K8S_21"],
        kube_linter: &["use-namespace"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let owner = scope.owner();
    match owner.namespace {
        None => undecided::left_open(),
        Some("default") => {
            let place = owner.value.at(&["metadata", "namespace"]).unwrap_or(owner.value);
            Verdict::fail(Fault::new(Place::at(place), "runs in the namespace `default`"))
        }
        Some(_) => Verdict::Pass,
    }
}
