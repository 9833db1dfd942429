//! `namespaces/pod-security-enforce`; prose and cases in `pod_security_enforce.md`.

use seaworthy_evidence::Place;
use seaworthy_podsecurity::{Level, NamespacePolicy, highest_level};
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Step};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::namespaces::{labels, undecided};
use crate::probe::admission::{self, Said, said_of};
use crate::probe::{Ground, Probe, pod_security};
use crate::scope::NamespaceScope;
use crate::system;
use crate::verdict::{Fault, Verdict};

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

pub(super) static CONTROL: Control = Control {
    id: "namespaces/pod-security-enforce",
    title: "Each namespace enforces a Pod Security level",
    phase: Phase::NextStep,
    step: 6,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::NAMESPACE_LABELS,
    page: include_str!("pod_security_enforce.md"),
    mappings: Mappings {
        cis: &["5.2.1"],
        nsa: &["psa"],
        attack: &["MS-TA9018", "T1610"],
        kubescape: &["C-0192"],
        ..Mappings::NONE
    },
    check: Check::Namespace(check),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller dry-runs a privileged pod in each namespace of people, beside one that meets every demand",
    proved_by: "403 `violates PodSecurity`, which names the privileged container",
    refuted_by: "201, or a refusal by a policy or webhook alone: they are asked after Pod Security, which has let the pod pass",
    not_fooled_by: "refusals for other reasons, such as a ServiceAccount that is missing, told by their words; an exemption of the \
                    caller by its name, which another user in its groups does not have",
    positive_control: "a pod that meets every demand is let in by the same caller in the same namespace, or stopped by nothing \
                       but a quota, which is asked last",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[pod_security::PODS, pod_security::SOMEBODY_ELSE],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    // Also where no account is seen: it may be there by now, and one pod is enough to know.
    admission::each_namespace(ground, false, |namespace| {
        let twin = admission::dry_run_pod(namespace, &admission::compliant_pod());
        let mut steps = vec![Step::control("compliant", twin, admission::admitted)];
        let asked = pod_security::exemption(ground, namespace);
        match asked.is_empty() {
            true => steps.push(Step::ask("privileged", pod_security::privileged(namespace))),
            false => steps.extend(asked),
        }
        Attempt::new(admission::namespace_subject(namespace), steps, |answers| {
            match said_of(answers, "privileged") {
                Said::PodSecurity(list) if list.contains("privileged (") => {
                    let level = list.split('"').nth(1).unwrap_or("a level").to_owned();
                    Outcome::proved(
                        "privileged",
                        format!("Pod Security refuses a privileged pod, by `{level}`"),
                    )
                }
                Said::Admitted(_) if pod_security::is_exempt(answers) => Outcome::inconclusive(
                    "privileged",
                    "Pod Security exempts the caller by its name, and refuses pods of another user",
                )
                .needs("a caller that Pod Security does not exempt"),
                Said::Admitted(_) => Outcome::refuted("privileged", "a privileged pod is let in"),
                Said::Policy(who) => Outcome::refuted(
                    "privileged",
                    format!("Pod Security lets a privileged pod pass; only {who} refuses it"),
                ),
                _ => answers.inconclusive("privileged"),
            }
        })
    })
}

fn check<'a>(scope: &NamespaceScope<'_, 'a>) -> Verdict<'a> {
    let namespace = match (scope.name, scope.object) {
        (None, _) => return undecided::left_open(),
        (_, None) => return undecided::undeclared(),
        (_, Some(namespace)) => namespace,
    };
    let metadata = namespace.metadata().unwrap_or(namespace.value);
    let (policy, invalid) = NamespacePolicy::from_labels(metadata);
    let invalid: Vec<_> =
        invalid.iter().filter(|label| label.key.starts_with(ENFORCE)).map(labels::invalid).collect();
    if !invalid.is_empty() {
        return Verdict::Fail(invalid);
    }
    if policy.enforce.level >= Level::Baseline {
        return Verdict::Pass;
    }
    let label = metadata.at(&["labels", ENFORCE]);
    let place =
        label.map_or(Place::missing(metadata, "labels[pod-security.kubernetes.io/enforce]"), Place::at);
    let says = if label.is_some() { "`enforce: privileged` refuses no pod" } else { "no level is enforced" };
    if undecided::is_empty(scope) && scope.is_system() {
        return Verdict::NotApplicable;
    }
    let below = Distance::of(scope);
    match below {
        Distance { total: 1.., strangers: 0, .. } => Verdict::Pass,
        Distance { least: Level::Privileged, strangers_below: 0, .. } => {
            let message =
                format!("{says}; only known components of the platform need that: move what else runs here");
            Verdict::fail(Fault::new(place, message).graded(Severity::Low))
        }
        _ if undecided::is_empty(scope) => {
            let message = format!("{says}; it has no workload yet, and the first may be anything");
            Verdict::fail(Fault::new(place, message).graded(Severity::Medium))
        }
        _ => Verdict::fail(Fault::new(place, format!("{says}; {}", below.describe()))),
    }
}

/// How far the workloads of a namespace are from a level.
struct Distance {
    total: usize,
    /// The strictest level that all of them satisfy.
    least: Level,
    /// How many do not satisfy `baseline`.
    below: usize,
    /// How many are no known components that need the host.
    strangers: usize,
    /// How many of those do not satisfy `baseline`.
    strangers_below: usize,
}

impl Distance {
    /// CronJobs and workloads scaled to zero count like all others, which the API server's own warnings leave out.
    fn of(scope: &NamespaceScope<'_, '_>) -> Distance {
        let version = scope.around.settings.version;
        let mut distance = Distance {
            total: scope.workloads.len(),
            least: Level::Restricted,
            below: 0,
            strangers: 0,
            strangers_below: 0,
        };
        for workload in &scope.workloads {
            // What cannot be decoded satisfies nothing.
            let level =
                if workload.refused { Level::Privileged } else { highest_level(&workload.pod, version) };
            let below = level < Level::Baseline;
            let known = below && system::component(&workload.pod).is_some();
            distance.least = distance.least.min(level);
            distance.below += usize::from(below);
            distance.strangers += usize::from(!known);
            distance.strangers_below += usize::from(below && !known);
        }
        distance
    }

    fn describe(&self) -> String {
        let Distance { total, least, below, .. } = self;
        match (total, least) {
            (0, _) => "none of its workloads is among the files".to_owned(),
            (1, Level::Privileged) => "its workload does not satisfy `baseline` yet".to_owned(),
            (1, level) => format!("its workload already satisfies `{level}`"),
            (_, Level::Privileged) => {
                format!("{below} of its {total} workloads do not satisfy `baseline` yet")
            }
            (_, level) => format!("all of its {total} workloads already satisfy `{level}`"),
        }
    }
}
