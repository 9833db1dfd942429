//! `exposure/console-inventory`; prose and cases in `console_inventory.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::consoles;
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "exposure/console-inventory",
    title: "Only vetted consoles and admin tools run",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::CONSOLES,
    page: include_str!("console_inventory.md"),
    mappings: Mappings {
        nsa: &["control-plane"],
        attack: &["MS-TA9005"],
        kubescape: &["C-0021"],
        trivy: &["KSV-0102"],
        checkov: &["CKV_K8S_34", "CKV_K8S_44", "CKV_K8S_45"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let parameters = &scope.around.settings.parameters;
    let Some(running) = consoles::of_pod(scope.pod(), parameters) else { return Verdict::NotApplicable };
    if consoles::is_vetted(&running, parameters) {
        return Verdict::Pass;
    }
    let name = running.console.name;
    let image = running.container.value().get("image").unwrap_or(scope.pod().spec());
    let fault = |message, severity| {
        let fault = Fault::new(Place::at(image), message).in_container(running.container.name());
        Verdict::fail(fault.graded(severity))
    };
    match running.console.retired {
        Some(why) => fault(format!("this is {name}: {why}"), Severity::High),
        None if has_owner(scope) => Verdict::Pass,
        None if parameters.vetted_consoles.is_empty() => Verdict::unknown(
            format!("{name} runs, and nothing says who vetted it"),
            "the parameter `exposure.vetted-consoles`, or an owner label on the workload",
        ),
        None => fault(format!("this is {name}, which is not among the vetted consoles"), Severity::Medium),
    }
}

/// Whether the workload names who answers for it.
fn has_owner(scope: &PodScope<'_, '_>) -> bool {
    let owner = scope.owner();
    scope
        .around
        .settings
        .parameters
        .owner_labels
        .iter()
        .any(|key| owner.label(key).or_else(|| owner.annotation(key)).is_some_and(|value| !value.is_empty()))
}
