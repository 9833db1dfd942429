//! `pods/sandboxed-runtime`; prose and cases in `sandboxed_runtime.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

use super::untrusted::{Sandbox, is_untrusted, sandbox};

pub(super) static CONTROL: Control = Control {
    id: "pods/sandboxed-runtime",
    title: "Untrusted or multi-tenant workloads run in a sandbox",
    phase: Phase::Research,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::ISOLATION,
    page: include_str!("sandboxed_runtime.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        kubescape: &["C-0297", "C-0301", "C-0303"],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Pod(check), Check::Reads(closed_world::RUNTIME_CLASSES)]),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    if !is_untrusted(scope) {
        return Verdict::NotApplicable;
    }
    let spec = scope.pod().spec();
    let class = spec.get("runtimeClassName").filter(|class| !class.text().is_empty());
    match (sandbox(scope), class) {
        (Sandbox::Yes, _) => Verdict::Pass,
        (Sandbox::No, Some(class)) => {
            let message = format!("`runtimeClassName: {}` is no sandbox", class.text());
            Verdict::fail(Fault::new(Place::at(class), message))
        }
        (Sandbox::No, None) => {
            let place = Place::missing(spec, "runtimeClassName");
            Verdict::fail(Fault::new(
                place,
                "`runtimeClassName` is not set, so the kernel of the node is shared",
            ))
        }
        (Sandbox::Unknown, _) => Verdict::unknown(
            "the runtime class is not among the evidence and not a known sandbox",
            "the `RuntimeClass` object, or its name in the parameter `pods.sandbox-runtime-classes`",
        ),
    }
}
