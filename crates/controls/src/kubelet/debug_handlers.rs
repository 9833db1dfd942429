//! `kubelet/debug-handlers`; prose and cases in `debug_handlers.md`.

use seaworthy_evidence::{Place, Program};

use crate::change;
use crate::component_flags::Findings;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Field, serves};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/debug-handlers",
    title: "Kubelet log, profiling and debug handlers are limited",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("debug_handlers.md"),
    mappings: Mappings { nsa: &["node"], attack: &["MS-TA9030", "T1613"], ..Mappings::NONE },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[],
};

const DEBUGGING: Field = Field {
    flag: "enable-debugging-handlers",
    option: "--enable-debugging-handlers",
    path: &["enableDebuggingHandlers"],
    name: "enableDebuggingHandlers",
};
const PROFILING: Field =
    Field { flag: "", option: "", path: &["enableProfilingHandler"], name: "enableProfilingHandler" };
const DEBUG_FLAGS: Field =
    Field { flag: "", option: "", path: &["enableDebugFlagsHandler"], name: "enableDebugFlagsHandler" };
const SYSTEM_LOG: Field =
    Field { flag: "", option: "", path: &["enableSystemLogHandler"], name: "enableSystemLogHandler" };
const SYSTEM_LOG_QUERY: Field =
    Field { flag: "", option: "", path: &["enableSystemLogQuery"], name: "enableSystemLogQuery" };

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    if !serves(scope) {
        return Verdict::NotApplicable;
    }
    // All of them are served only together with those for `exec` and `logs`.
    if matches!(DEBUGGING.as_bool(scope, true, true), Ok((false, _))) {
        return Verdict::Pass;
    }
    let mut findings = Findings::default();
    let mut unset: Vec<&Field> = Vec::new();
    for (field, default, severity, what) in [
        (
            &SYSTEM_LOG_QUERY,
            false,
            Severity::Medium,
            "the logs of the node's services can be queried through the API",
        ),
        (&PROFILING, true, Severity::Low, "profiles of the kubelet can be taken through the API"),
        (&DEBUG_FLAGS, true, Severity::Low, "the kubelet's log level can be changed through the API"),
        (&SYSTEM_LOG, true, Severity::Low, "`/var/log` of the node can be read through the API"),
    ] {
        match field.as_bool(scope, default, default) {
            Ok((false, _)) => {}
            Ok((true, Some(stated))) => {
                let message = format!("{}: {what}", field.written(&stated));
                findings.fault(Fault::new(Place::at(stated.at), message).graded(severity));
            }
            Ok((true, None)) => unset.push(field),
            Err(verdict) => findings.undecided(verdict),
        }
    }
    if let Some(first) = unset.first() {
        let names: Vec<_> = unset.iter().map(|field| format!("`{}`", field.name)).collect();
        let message = format!("{} not set, and on by default", names.join(", "));
        findings.fault(Fault::new(first.missing(scope), message).graded(Severity::Low));
    }
    findings.verdict()
}
