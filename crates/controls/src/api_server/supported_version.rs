//! `api-server/supported-version`; prose and cases in `supported_version.md`.

use seaworthy_evidence::{Place, Program, Setup};
use seaworthy_probe::{Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, expect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, Right};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/supported-version",
    title: "Cluster components run a supported, patched Kubernetes version",
    phase: Phase::QuickWin,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("supported_version.md"),
    mappings: Mappings {
        nsa: &["upgrade"],
        attack: &["T1190", "T1068"],
        kubescape: &["C-0273"],
        ..Mappings::NONE
    },
    check: Check::Component {
        programs: &[Program::ApiServer, Program::ControllerManager, Program::KubeProxy, Program::Scheduler],
        check,
    },
    guard: None,
    probes: &[VERSION],
};

const VERSION: Probe = Probe {
    name: "version",
    asks: "The caller GETs `/version` of the API server",
    proved_by: "a minor version that receives fixes",
    refuted_by: "one that receives none any more",
    not_fooled_by: "a version that is newer than the table: it concludes nothing. What a vendor has patched is not seen",
    positive_control: "the answer is 200",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[Right::path("/version")],
    plan: plan_version,
};

fn plan_version(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let steps = vec![Step::control("version", Request::get("/version").by(Identity::Caller), expect::ok)];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        let version = answers.get("version").and_then(|answer| answer.json());
        let number = |key: &str| {
            let text = version.as_ref()?.get(key)?.as_str()?;
            text.trim_end_matches('+').parse::<u32>().ok()
        };
        let (Some(1), Some(minor)) = (number("major"), number("minor")) else {
            return answers.inconclusive("version");
        };
        match minor.checked_sub(OLDEST).map(|index| END_OF_LIFE.get(index as usize)) {
            None => Outcome::refuted("version", format!("v1.{minor} has been out of support for years")),
            Some(Some(end)) if *end <= TODAY => {
                Outcome::refuted("version", format!("v1.{minor} has received no fixes since {end}"))
            }
            Some(Some(end)) => Outcome::proved("version", format!("v1.{minor} receives fixes until {end}")),
            Some(None) => Outcome::inconclusive(
                "version",
                format!("v1.{minor} is newer than the table of versions of {TODAY}"),
            )
            .needs("a newer version of Seaworthy"),
        }
    })]
}

/// The oldest minor version of the table; all before it are out of support.
const OLDEST: u32 = 24;

/// Ends of support, from v1.24 on, as kubernetes.io/releases told on 2026-11-21.
const END_OF_LIFE: &[&str] = &[
    "2023-07-28",
    "2023-10-28",
    "2024-02-28",
    "2024-07-16",
    "2024-10-22",
    "2025-02-28",
    "2025-07-15",
    "2025-11-11",
    "2026-02-28",
    "2026-06-28",
    "2026-10-27",
    "2027-02-28",
    "2027-06-28",
    "2027-10-28",
];

/// The day of the table. The evaluation knows no other day.
const TODAY: &str = "2026-11-21";

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let component = scope.component;
    if component.setup == Setup::Kubeadm && component.program != Program::ApiServer {
        // All components that kubeadm starts have the version of the API server.
        return Verdict::NotApplicable;
    }
    let Some((minor, at)) = component.minor_version() else {
        let reason = "the files do not tell the version of Kubernetes";
        return Verdict::unknown(
            reason,
            "an image with a version for its tag, or `kubectl version` on the cluster",
        );
    };
    let program = component.program.name();
    let Some(index) = minor.checked_sub(OLDEST) else {
        let message = format!("{program} v1.{minor} has been out of support for years");
        return Verdict::fail(Fault::new(Place::at(at), message).graded(Severity::Critical));
    };
    match END_OF_LIFE.get(index as usize) {
        // Dates of this form are ordered as texts.
        Some(end) if *end <= TODAY => {
            let message = format!("{program} v1.{minor} has received no fixes since {end}");
            Verdict::fail(Fault::new(Place::at(at), message))
        }
        Some(_) => Verdict::Pass,
        None => Verdict::unknown(
            format!("v1.{minor} is newer than the table of versions of {TODAY}"),
            "a newer version of Seaworthy",
        ),
    }
}
