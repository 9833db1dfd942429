//! `kubelet/debug-handlers`; prose and cases in `debug_handlers.md`.

use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Answers, Attempt, Consent, Outcome, SideEffect, Step};

use crate::change;
use crate::component_flags::Findings;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Field, serves};
use crate::probe::{Ground, Probe, Right, kubelets};
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
    probes: &[SERVED],
};

const SERVED: Probe = Probe {
    name: "served",
    asks: "The caller GETs `/logs/`, `/debug/pprof/symbol` and `/debug/flags/v` of each kubelet through the API server",
    proved_by: "405 for each, with the words that the endpoint is disabled",
    refuted_by: "200 for one, or 406 for the flags, which are set by PUT",
    not_fooled_by: "missing rights, whose refusal is 403; `/debug/pprof/` itself, which is 404 even where profiles are served",
    positive_control: "the caller GETs `/healthz` of the kubelet in the same way and is answered `ok`",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "nodes/proxy", verbs: &["get"] }],
    plan,
};

/// The handlers; the path of the second needs no profile to be taken.
const HANDLERS: [(&str, &str, &str); 3] = [
    ("logs", "/logs/", "`/var/log` of the node can be read"),
    ("profiles", "/debug/pprof/symbol", "profiles of the kubelet can be taken"),
    ("flags", "/debug/flags/v", "the kubelet's log level can be changed"),
];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    kubelets::attempts(ground, |kubelet| {
        let Some(healthy) = kubelet.through_api("/healthz") else {
            let reason = "no Node object bears this address: the API server knows no way to it";
            return Attempt::cannot(kubelet.subject(), reason, "the right to list nodes");
        };
        let mut steps = vec![Step::control("healthz", healthy, kubelets::healthy)];
        for (name, path, _) in HANDLERS {
            steps.extend(kubelet.through_api(path).map(|request| Step::ask(name, request)));
        }
        Attempt::new(kubelet.subject(), steps, judge_handlers).otherwise_needs("the right to get nodes/proxy")
    })
}

fn judge_handlers(answers: &Answers) -> Outcome {
    for (name, path, what) in HANDLERS {
        let Some(answer) = answers.get(name) else { return answers.inconclusive(name) };
        let is_served = match answer.status() {
            Some(405) if answer.text().to_lowercase().contains("disabled") => false,
            Some(200) => true,
            // So `StringFlagPutHandler` of k8s.io/apiserver answers everything but PUT.
            Some(406) if name == "flags" && answer.text().contains("unsupported http method") => true,
            _ => return answers.inconclusive(name),
        };
        if is_served {
            return Outcome::refuted(name, format!("`{path}` answers: {what} through the API"));
        }
    }
    Outcome::proved("logs", "handlers of the kubelet for logs, profiles and flags are disabled")
}

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
