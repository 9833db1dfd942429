//! `pods/shared-process-namespace`; prose and cases in `shared_process_namespace.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "pods/shared-process-namespace",
    title: "Containers of a pod do not share processes without need",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::POD_FIELDS,
    page: include_str!("shared_process_namespace.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1057", "T1055"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
