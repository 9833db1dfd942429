//! `api-server/profiling`; prose and cases in `profiling.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program, Setting};
use seaworthy_probe::{
    Answers, Attempt, Certificate, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, expect,
};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags};
use crate::probe::{Ground, Probe, Right};
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
    probes: &[PROFILES],
};

const PROFILES: Probe = Probe {
    name: "profiles",
    asks: "The caller GETs `/debug/pprof/` of the API server, and with its client certificate of each `--scheduler` and \
           `--controller-manager`",
    proved_by: "404: there is no such path",
    refuted_by: "200 with the index of profiles",
    not_fooled_by: "a refusal for want of rights: a 403 concludes nothing, since a profile may lie behind it",
    positive_control: "the same identity GETs `/metrics` of the same server and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/metrics"), Right::path("/debug/pprof/")],
    plan: plan_profiles,
};

fn plan_profiles(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let attempt = |name: &str, at: &dyn Fn(Request) -> Request| {
        let steps = vec![
            Step::control("metrics", at(Request::get("/metrics").most(1 << 12)), expect::ok),
            Step::ask("index", at(Request::get("/debug/pprof/").most(1 << 12))),
        ];
        Attempt::new(Subject::cluster(name), steps, judge_profiles)
    };
    let mut attempts = vec![attempt("API server", &|request| request.by(Identity::Caller))];
    let given = [
        ("scheduler", "--scheduler", &ground.given.schedulers),
        ("controller manager", "--controller-manager", &ground.given.controller_managers),
    ];
    for (name, flag, endpoints) in given {
        if endpoints.is_empty() {
            let reason = "where it listens, the API does not tell";
            attempts.push(Attempt::cannot(Subject::cluster(name), reason, format!("{flag} URL")));
        }
        for endpoint in endpoints {
            let subject = format!("{name} {endpoint}");
            attempts.push(if ground.given.has_caller_certificate {
                let by = Identity::Certificate(Certificate::Caller);
                attempt(&subject, &|request| request.at(endpoint).by(by.clone()))
            } else {
                let reason = "only a client certificate can be shown to it";
                Attempt::cannot(Subject::cluster(&subject), reason, "a kubeconfig with a client certificate")
            });
        }
    }
    attempts
}

fn judge_profiles(answers: &Answers) -> Outcome {
    match answers.status("index") {
        Some(404) => Outcome::proved("index", "there are no profiles"),
        Some(200) if answers.get("index").is_some_and(|answer| answer.text().contains("goroutine")) => {
            Outcome::refuted("index", "profiles are served: they show memory and load the server")
        }
        Some(401 | 403) => {
            Outcome::inconclusive("index", "the caller may not see whether there are profiles")
                .needs("the right to get `/debug/pprof/`")
        }
        _ => answers.inconclusive("index"),
    }
}

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
