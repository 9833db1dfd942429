//! `api-server/profiling`; prose and cases in `profiling.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program, Setting};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/profiling",
    title: "Profiling endpoints are off on all control-plane servers",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::COMPONENT_FLAGS,
    page: include_str!("profiling.md"),
    mappings: Mappings {
        cis: &["1.2.15", "1.3.2", "1.4.1"],
        nsa: &["control-plane"],
        attack: &["T1082", "T1499"],
        kubescape: &["C-0129", "C-0145", "C-0151"],
        trivy: &["KCV-0018", "KCV-0034", "KCV-0040"],
        checkov: &["CKV_K8S_90", "CKV_K8S_107", "CKV_K8S_114"],
        ..Mappings::NONE
    },
    check: Check::Component {
        programs: &[Program::ApiServer, Program::ControllerManager, Program::Scheduler],
        check,
    },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    if scope.component.program == Program::Scheduler {
        // With a configuration file the scheduler does not look at the flag.
        match flags.configuration("--config", "KubeSchedulerConfiguration") {
            Configuration::Found(file) => return check_file(file.value),
            Configuration::Open if !matches!(scope.component.flag("config"), Setting::Unknown) => {
                return flags.verdict();
            }
            Configuration::Open | Configuration::None => {}
        }
    }
    let mut flags = Flags::of(scope);
    if let Some((true, place)) = flags.switch("--profiling", true) {
        let program = scope.component.program.name();
        let how = if place.missing.is_some() { "is not set, and on by default" } else { "is on" };
        let message =
            format!("`--profiling` of {program} {how}: `/debug/pprof` shows the inside of the process");
        flags.fault(Fault::new(place, message));
    }
    flags.verdict()
}

fn check_file(file: Value<'_>) -> Verdict<'_> {
    match file.get("enableProfiling") {
        Some(value) if value.as_bool() == Some(false) => Verdict::Pass,
        Some(value) => Verdict::fail(Fault::new(
            Place::at(value),
            format!("`enableProfiling: {}`: `/debug/pprof` shows the inside of the process", value.text()),
        )),
        None => Verdict::fail(Fault::new(
            Place::missing(file, "enableProfiling"),
            "`enableProfiling` is not set, and on by default: `/debug/pprof` shows the inside of the process",
        )),
    }
}
