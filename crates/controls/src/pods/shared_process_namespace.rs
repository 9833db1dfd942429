//! `pods/shared-process-namespace`; prose and cases in `shared_process_namespace.md`.

use seaworthy_evidence::Place;
use seaworthy_podsecurity::{Container, ContainerRole};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "pods/shared-process-namespace",
    title: "Containers of a pod do not share processes without need",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::POD_FIELDS,
    page: include_str!("shared_process_namespace.md"),
    mappings: Mappings { nsa: &["hardening"], attack: &["T1057", "T1055"], ..Mappings::NONE },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let Some(value) = scope.pod().spec().get("shareProcessNamespace") else { return Verdict::Pass };
    let runs_along = |container: &Container<'_>| match container.role() {
        ContainerRole::Init => {
            container.value().get("restartPolicy").is_some_and(|policy| policy.text() == "Always")
        }
        ContainerRole::Regular | ContainerRole::Ephemeral => true,
    };
    if value.as_bool() == Some(false) || scope.pod().containers().filter(runs_along).count() < 2 {
        return Verdict::Pass;
    }
    Verdict::fail(Fault::new(Place::at(value), format!("`shareProcessNamespace: {}`", value.text())))
}
