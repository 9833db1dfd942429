//! `admission/obsolete-policy`; prose and cases in `obsolete_policy.md`.

use seaworthy_evidence::{Place, Program};
use seaworthy_podsecurity::Version;
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Step};

use super::removed::{FLAGS, PLUGINS, removed};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::admission::{self as said_by, Said, said_of};
use crate::probe::{Ground, Probe, pod_security};
use crate::scope::{ComponentScope, ObjectScope, PodScope, Surroundings};
use crate::verdict::{Fault, Judged, Verdict};

const RBAC: &str = "rbac.authorization.k8s.io";

/// The version that reads annotations of seccomp no more.
const SECCOMP_ANNOTATIONS: u32 = 27;
const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

pub(super) static CONTROL: Control = Control {
    id: "admission/obsolete-policy",
    title: "No reliance on removed mechanisms such as PodSecurityPolicy",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::ADMISSION,
    page: include_str!("obsolete_policy.md"),
    mappings: Mappings {
        cis: &["5.2.1"],
        nsa: &["psa"],
        attack: &["T1562"],
        kubescape: &["C-0192"],
        trivy: &["KSV-0107"],
        kube_linter: &["no-extensions-v1beta"],
        kube_score: &["stable-version"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(judge_versions),
        Check::Object { kinds: &[(RBAC, "ClusterRole"), (RBAC, "Role")], check: judge_role },
        Check::Pod(judge_pod),
        Check::Component {
            programs: &[Program::ApiServer, Program::ControllerManager, Program::Kubelet, Program::Scheduler],
            check: judge_component,
        },
    ]),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "Where roles or objects still speak of PodSecurityPolicy, the caller dry-runs a privileged pod in each namespace of people",
    proved_by: "a refusal by what has replaced it: Pod Security, a policy or a webhook",
    refuted_by: "201: nothing has replaced it",
    not_fooled_by: "refusals for other reasons, told by their words",
    positive_control: "a pod that meets every demand is let in by the same caller in the same namespace, or stopped by nothing \
                       but a quota",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[pod_security::PODS],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let evidence = ground.evidence;
    let speaks = ["ClusterRole", "Role"].iter().any(|kind| {
        evidence.of_kind(kind).any(|role| {
            let rules = role.value.get("rules").into_iter().flat_map(|rules| rules.items());
            let mut resources = rules.filter_map(|rule| rule.get("resources")).flat_map(|list| list.items());
            resources.any(|resource| resource.text() == "podsecuritypolicies")
        })
    });
    if !speaks && evidence.of_kind("PodSecurityPolicy").next().is_none() {
        return Vec::new();
    }
    said_by::each_namespace(ground, true, |namespace| {
        let twin = said_by::dry_run_pod(namespace, &said_by::compliant_pod());
        let steps = vec![
            Step::control("compliant", twin, said_by::admitted),
            Step::ask("privileged", pod_security::privileged(namespace)),
        ];
        Attempt::new(said_by::namespace_subject(namespace), steps, |answers| {
            match said_of(answers, "privileged") {
                Said::PodSecurity(list) if list.contains("privileged (") => {
                    Outcome::proved("privileged", "Pod Security refuses a privileged pod in its place")
                }
                Said::Policy(who) => {
                    Outcome::proved("privileged", format!("{who} refuses a privileged pod in its place"))
                }
                Said::Admitted(_) => Outcome::refuted("privileged", "a privileged pod is let in"),
                _ => answers.inconclusive("privileged"),
            }
        })
    })
}

/// Whether the version of the cluster has no more what was removed in a minor version.
fn is_gone(around: &Surroundings<'_, '_>, since: u32) -> bool {
    Version::new(since) <= around.settings.version
}

fn judge_versions<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let dated = around.evidence.objects().iter().filter_map(|object| Some((object, removed(object)?)));
    dated
        .map(|(object, entry)| {
            let gone = is_gone(around, entry.since);
            let (version, since, kind) = (object.api_version, entry.since, object.kind);
            let place = Place::at(object.value.get("apiVersion").unwrap_or(object.value));
            // Of one group it was gone before the kind was.
            let policy = kind == "PodSecurityPolicy" && (!gone || is_gone(around, 25));
            let verdict = match (policy, gone) {
                (true, true) => Verdict::fail(Fault::new(
                    place,
                    "PodSecurityPolicy is gone since Kubernetes 1.25: what it forbids is allowed unless something replaced it",
                )),
                (true, false) => Verdict::fail(
                    Fault::new(
                        place,
                        "PodSecurityPolicy is gone from Kubernetes 1.25 on: replace it before the upgrade",
                    )
                    .graded(Severity::Medium),
                ),
                (_, false) => Verdict::Pass,
                (_, true) => {
                    let severity = if entry.guards { Severity::Medium } else { Severity::Low };
                    let message = format!(
                        "{kind} of `{version}` is not served since Kubernetes 1.{since}, so it is refused: write `{}`",
                        entry.instead
                    );
                    Verdict::fail(Fault::new(place, message).graded(severity))
                }
            };
            Judged { object, verdict }
        })
        .collect()
}

fn judge_role<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let rules = scope.object.value.get("rules").into_iter().flat_map(|rules| rules.items());
    let resources = rules.filter_map(|rule| rule.get("resources"));
    let mut uses = resources
        .flat_map(|list| list.items())
        .filter(|item| item.text() == "podsecuritypolicies")
        .peekable();
    if uses.peek().is_none() || !is_gone(&scope.around, 25) {
        return Verdict::NotApplicable;
    }
    let message = "`podsecuritypolicies` are gone since Kubernetes 1.25: the rule grants nothing, and no policy is behind it";
    Verdict::of(uses.map(|item| Fault::new(Place::at(item), message).graded(Severity::Low)).collect())
}

/// A profile that only an annotation asks for is not applied any more.
fn judge_pod<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let annotations = scope.pod().metadata().and_then(|metadata| metadata.get("annotations"));
    let dated =
        annotations.into_iter().flat_map(|annotations| annotations.entries()).filter(|(key, value)| {
            (key.text() == POD_ANNOTATION || key.text().starts_with(CONTAINER_ANNOTATION)) && !value.is_null()
        });
    let mut dated = dated.peekable();
    if dated.peek().is_none() || !is_gone(&scope.around, SECCOMP_ANNOTATIONS) {
        return Verdict::NotApplicable;
    }
    let profile = ["securityContext", "seccompProfile"];
    let replaced = scope.pod().spec().at(&profile).is_some()
        || scope.pod().containers().all(|container| container.value().at(&profile).is_some());
    if replaced {
        return Verdict::Pass;
    }
    let fault = |(key, value): (seaworthy_document::Value<'a>, _)| {
        let message = format!(
            "annotation `{}` is not read since Kubernetes 1.27: its profile is not applied",
            key.text()
        );
        Fault::new(Place::at(value), message).graded(Severity::Medium)
    };
    Verdict::of(dated.map(fault).collect())
}

fn judge_component<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let component = scope.component;
    let gone = |since| is_gone(&scope.around, since);
    let mut faults = Vec::new();
    if component.program == Program::ApiServer {
        for list in ["enable-admission-plugins", "admission-control"] {
            for (item, at) in component.flag_items(list) {
                if let Some((plugin, since)) =
                    PLUGINS.iter().find(|(name, since)| *name == item && gone(*since))
                {
                    let message = format!(
                        "admission plugin `{plugin}` is gone since Kubernetes 1.{since}: the API server does not start with it"
                    );
                    faults.push(Fault::new(Place::at(at), message));
                }
            }
        }
    }
    for flag in component.flags() {
        let known = FLAGS
            .iter()
            .find(|(program, name, since)| *program == component.program && flag.is(name) && gone(*since));
        if let Some((program, name, since)) = known {
            let message = format!(
                "`--{name}` is gone since Kubernetes 1.{since}: {} does not start with it",
                program.name()
            );
            faults.push(Fault::new(Place::at(flag.at), message).graded(Severity::Medium));
        }
    }
    Verdict::of(faults)
}
