//! `pods/resource-limits`; prose and cases in `resource_limits.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_podsecurity::ContainerRole;
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Step};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::admission::{self, Said, said_of};
use crate::probe::{Ground, Probe, pod_security};
use crate::scope::ContainerScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "pods/resource-limits",
    title: "Containers have CPU and memory limits",
    phase: Phase::QuickWin,
    step: 8,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::RESOURCES,
    page: include_str!("resource_limits.md"),
    mappings: Mappings {
        nsa: &["resources"],
        attack: &["MS-TA9039", "MS-TA9040", "T1496", "T1499"],
        kubescape: &["C-0004", "C-0009", "C-0050", "C-0268", "C-0269", "C-0270", "C-0271", "C-0303"],
        trivy: &["KSV-0011", "KSV-0015", "KSV-0016", "KSV-0018"],
        checkov: &["CKV_K8S_10", "CKV_K8S_11", "CKV_K8S_12", "CKV_K8S_13"],
        kube_linter: &["unset-cpu-requirements", "unset-memory-requirements"],
        polaris: &["cpuLimitsMissing", "memoryLimitsMissing", "cpuRequestsMissing", "memoryRequestsMissing"],
        kube_score: &["container-resources"],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Container(check), Check::Reads(closed_world::BOUNDS)]),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller dry-runs in each namespace a pod without requests and limits, beside one that has them",
    proved_by: "201 with limits of CPU and memory filled in, or a refusal by a quota that demands them, a policy or a webhook",
    refuted_by: "201 without a limit of CPU or memory",
    not_fooled_by: "a quota that is used up: it refuses every pod, and its words are others than those of one that demands limits",
    positive_control: "a pod with limits is let in by the same caller in the same namespace, or stopped by nothing but a quota",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[pod_security::PODS],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    admission::each_namespace(ground, true, |namespace| {
        let without = admission::changed_pod(|pod| admission::remove(admission::container(pod), "resources"));
        let steps = vec![
            Step::control(
                "compliant",
                admission::dry_run_pod(namespace, &admission::compliant_pod()),
                admission::admitted,
            ),
            Step::ask("unbounded", admission::dry_run_pod(namespace, &without)),
        ];
        Attempt::new(admission::namespace_subject(namespace), steps, |answers| {
            match said_of(answers, "unbounded") {
                Said::Admitted(pod) => {
                    let limits = pod.pointer("/spec/containers/0/resources/limits");
                    let has = |resource| limits.is_some_and(|limits| limits.get(resource).is_some());
                    match (has("cpu"), has("memory")) {
                        (true, true) => Outcome::proved(
                            "unbounded",
                            "a pod without limits is given those of the namespace",
                        ),
                        (true, false) => {
                            Outcome::refuted("unbounded", "a pod without a limit of memory is let in")
                        }
                        (false, true) => {
                            Outcome::refuted("unbounded", "a pod without a limit of CPU is let in")
                        }
                        (false, false) => Outcome::refuted("unbounded", "a pod without limits is let in"),
                    }
                }
                Said::Quota(message)
                    if message.contains("must specify")
                        && message.contains("limits.cpu")
                        && message.contains("limits.memory") =>
                {
                    Outcome::proved("unbounded", "a quota refuses a pod without limits of CPU and memory")
                }
                Said::Policy(who) => {
                    Outcome::proved("unbounded", format!("a pod without limits is refused by {who}"))
                }
                Said::Quota(_) => {
                    Outcome::inconclusive("unbounded", "nothing but a quota that is used up refuses it")
                        .needs("room in the ResourceQuota of the namespace")
                }
                _ => answers.inconclusive("unbounded"),
            }
        })
    })
}

fn check<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {
    let container = scope.container.value();
    if scope.container.role() == ContainerRole::Ephemeral {
        return Verdict::NotApplicable;
    }
    let resources = container.get("resources");
    let limits = resources.and_then(|resources| resources.get("limits"));
    let is_bounded = |resource: &str| {
        limit(limits, resource)
            || of_pod(scope, resource)
            || (!is_set(limits, resource) && defaulted(scope, resource))
    };
    let (memory, cpu) = (is_bounded("memory"), is_bounded("cpu"));
    let (severity, message) = match (memory, cpu) {
        (true, true) => return Verdict::Pass,
        (false, false) => (Severity::Medium, "no limit for memory and CPU"),
        (false, true) => (Severity::Medium, "no limit for memory"),
        (true, false) => (Severity::Low, "no limit for CPU"),
    };
    let resource = if memory { "cpu" } else { "memory" };
    let place = match (limits.and_then(|limits| limits.get(resource)), limits, resources) {
        (Some(zero), _, _) => Place::at(zero),
        (None, Some(limits), _) => Place::missing(limits, resource),
        (None, None, Some(resources)) => Place::missing(resources, "limits"),
        (None, None, None) => Place::missing(container, "resources.limits"),
    };
    Verdict::fail(Fault::new(place, message).graded(severity))
}

fn is_set(limits: Option<Value<'_>>, resource: &str) -> bool {
    limits.is_some_and(|limits| limits.get(resource).is_some())
}

/// Whether there is a limit; zero is none.
fn limit(limits: Option<Value<'_>>, resource: &str) -> bool {
    let value = limits.and_then(|limits| limits.get(resource));
    value.is_some_and(|value| {
        let number = value.text().trim_end_matches(|c: char| !c.is_ascii_digit() && c != '.');
        let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
        mantissa.contains(|c: char| matches!(c, '1'..='9'))
    })
}

/// Whether the pod as a whole has the limit. The API server drops the field before Kubernetes 1.34, unless the
/// feature gate `PodLevelResources` is on.
fn of_pod(scope: &ContainerScope<'_, '_>, resource: &str) -> bool {
    scope.pod.around.settings.version.minor() >= 34
        && limit(scope.pod.pod().spec().at(&["resources", "limits"]), resource)
}

/// Whether a LimitRange of the namespace gives the limit to containers without one: by `default`, else by `max`
/// (Kubernetes `SetDefaults_LimitRangeItem`). Objects without namespace belong together only in one folder.
fn defaulted(scope: &ContainerScope<'_, '_>, resource: &str) -> bool {
    let evidence = scope.pod.around.evidence;
    let owner = scope.pod.owner();
    let folder =
        |file: u32| evidence.files()[file as usize].name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let ranges = evidence.in_namespace("LimitRange", owner.namespace).filter(|range| {
        range.is("", "LimitRange") && (range.namespace.is_some() || folder(range.file) == folder(owner.file))
    });
    let mut items =
        ranges.flat_map(|range| range.value.at(&["spec", "limits"])).flat_map(|limits| limits.items());
    items.any(|item| {
        let key = if is_set(item.get("default"), resource) { "default" } else { "max" };
        item.get("type").is_some_and(|kind| kind.text() == "Container") && limit(item.get(key), resource)
    })
}
