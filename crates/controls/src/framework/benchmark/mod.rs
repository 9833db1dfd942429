//! The whole CIS Kubernetes Benchmark: every recommendation, judged by itself. A control demands what is right, often more
//! or less than one id does; so each id has its own predicate, or is left to the control that demands the same.

mod checks;
mod control_plane;
mod edition;
mod outcome;
mod policies;
mod recommendation;
mod settings;
mod subjects;
mod workers;

use seaworthy_evidence::Program;

use super::ItemStatus;
use crate::assessment::Assessment;
use crate::scope::Surroundings;
use recommendation::{Judge, Recommendation};

pub use edition::Edition;
pub use outcome::Outcome;

/// The recommendations of an edition, in their order.
pub(super) fn recommendations(edition: &Edition) -> impl Iterator<Item = &'static Recommendation> + use<'_> {
    let all = [control_plane::ITEMS, workers::ITEMS, policies::ITEMS];
    all.into_iter().flatten().filter(|item| edition.has(item.id))
}

/// The edition for the cluster that the evidence is of: by its own version, else by the one that the scan is for.
pub(super) fn edition(assessment: &Assessment<'_, '_>) -> Edition {
    let own = assessment.evidence.collection().and_then(|collection| minor(collection.version()?));
    Edition::of(own.unwrap_or_else(|| assessment.settings.version.minor()))
}

/// The 36 of `v1.36.3`.
fn minor(version: &str) -> Option<u32> {
    let rest = version.trim_start_matches('v').strip_prefix("1.")?;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// Where a recommendation stands, and what it is judged by.
pub(super) fn judge(item: &Recommendation, assessment: &Assessment<'_, '_>) -> (ItemStatus, Vec<Outcome>) {
    let around = Surroundings { evidence: assessment.evidence, settings: assessment.settings };
    let mut outcomes = match &item.judge {
        Judge::Person(what) => vec![Outcome::new(ItemStatus::Manual, format!("look at {what}"))],
        Judge::Files(program) => subjects::files(item.id, program, around),
        Judge::Setting(program, want) => subjects::settings(*program, want, around),
        Judge::Control(program, control) => subjects::control(*program, control, around),
        Judge::Findings(controls, filter) => subjects::findings(controls, *filter, assessment),
        Judge::Pods(check) => subjects::pods(*check, around),
        Judge::NetworkPolicies => subjects::network_policies(around),
        Judge::AuditPolicy(controls) => subjects::audit_policy(controls, assessment, around),
    };
    outcome::accept(item.id, &mut outcomes, assessment);
    let status = match outcome::together(&outcomes) {
        // What the benchmark leaves to a person, evidence may decide; where it does not, the person does.
        ItemStatus::Unknown | ItemStatus::NotEvaluated if !item.automated => ItemStatus::Manual,
        status => status,
    };
    (status, outcomes)
}

/// Whether a program is one of the control plane, which a provider may run.
fn is_control_plane(program: Program) -> bool {
    !matches!(program, Program::Kubelet | Program::KubeProxy)
}
