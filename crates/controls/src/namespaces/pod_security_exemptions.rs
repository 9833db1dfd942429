//! `namespaces/pod-security-exemptions`; prose and cases in `pod_security_exemptions.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_podsecurity::{Level, NamespacePolicy};
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Step, Subject};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::admission::{self, Said, said_of};
use crate::probe::{Ground, Probe, pod_security};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

const GROUP: &str = "pod-security.admission.config.k8s.io";

pub(super) static CONTROL: Control = Control {
    id: "namespaces/pod-security-exemptions",
    title: "Exemptions and privileged namespaces are few and owned",
    phase: Phase::NextStep,
    step: 4,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::ADMISSION,
    page: include_str!("pod_security_exemptions.md"),
    mappings: Mappings {
        cis: &["5.2.1"],
        nsa: &["psa"],
        attack: &["MS-TA9018", "T1562"],
        kubescape: &["C-0192"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object { kinds: &[(GROUP, "PodSecurityConfiguration")], check: judge_file },
        Check::Object {
            kinds: &[("apiserver.config.k8s.io", "AdmissionConfiguration")],
            check: judge_admission,
        },
        Check::Object { kinds: &[("", "Namespace")], check: judge_namespace },
    ]),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "In each namespace of people that is labelled with a level, the caller and another user in the caller's groups dry-run a \
           privileged pod, and the caller one in each runtime class",
    proved_by: "403 `violates PodSecurity` for all of them",
    refuted_by: "201 for one: Pod Security exempts the caller, the namespace or the runtime class, or is off",
    not_fooled_by: "namespaces without a label, where nothing is exempt that would be refused; refusals for other reasons, told by \
                    their words. Users other than the caller may be exempt: their names stand in a file that the API does not show",
    positive_control: "a pod that meets every demand is let in by the same caller in the same namespace, or stopped by nothing \
                       but a quota, which is asked last",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[pod_security::PODS, pod_security::SOMEBODY_ELSE],
    plan,
};

/// Runtime classes that are tried.
const CLASSES: usize = 5;

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let demands = |namespace: &str| {
        pod_security::label(ground, namespace).is_some_and(|label| label.enforce.level > Level::Privileged)
    };
    let mut attempts = admission::each_namespace(ground, true, |namespace| {
        let mut steps = vec![twin(namespace)];
        let asked = pod_security::exemption(ground, namespace);
        match asked.is_empty() {
            true => steps.push(Step::ask("privileged", pod_security::privileged(namespace))),
            false => steps.extend(asked),
        }
        Attempt::new(admission::namespace_subject(namespace), steps, |answers| {
            match said_of(answers, "privileged") {
                Said::PodSecurity(_) => {
                    Outcome::proved("privileged", "neither the caller nor the namespace is exempt")
                }
                Said::Admitted(_) if pod_security::is_exempt(answers) => Outcome::refuted(
                    "privileged",
                    "the caller is exempt by its name: another user is refused",
                ),
                Said::Admitted(_) | Said::Policy(_) => Outcome::refuted(
                    "privileged",
                    "Pod Security lets a privileged pod pass where a label forbids it: the namespace or the caller is exempt, \
                     or the plugin is off",
                ),
                _ => answers.inconclusive("privileged"),
            }
        })
    });
    attempts.retain(|attempt| attempt.subject().kind != "Namespace" || demands(&attempt.subject().name));
    let parameters = &ground.settings.parameters;
    let place = ground
        .namespaces()
        .filter(|name| !parameters.is_system_namespace(name) && !admission::lacks_account(ground, name))
        .filter(|name| demands(name))
        .min();
    let classes =
        ground.evidence.of_kind("RuntimeClass").filter(|class| class.is("node.k8s.io", "RuntimeClass"));
    for (class, namespace) in classes.take(CLASSES).filter_map(|class| Some((class.name, place?))) {
        let mut pod = admission::changed_pod(pod_security::make_privileged);
        pod["spec"]["runtimeClassName"] = class.into();
        let steps = vec![twin(namespace), Step::ask("privileged", admission::dry_run_pod(namespace, &pod))];
        let subject = Subject::new("RuntimeClass", None, class);
        attempts.push(Attempt::new(subject, steps, |answers| match said_of(answers, "privileged") {
            Said::PodSecurity(_) => Outcome::proved("privileged", "a privileged pod of the class is refused"),
            Said::Admitted(_) | Said::Policy(_) => {
                Outcome::refuted("privileged", "Pod Security lets a privileged pod of the class pass")
            }
            _ => answers.inconclusive("privileged"),
        }));
    }
    attempts
}

fn twin(namespace: &str) -> Step {
    let twin = admission::dry_run_pod(namespace, &admission::compliant_pod());
    Step::control("compliant", twin, admission::admitted)
}

fn judge_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    judge_exemptions(scope, scope.object.value)
}

/// The configuration of the plugin may stand inside that of admission.
fn judge_admission<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let plugins = scope.object.value.get("plugins").into_iter().flat_map(|plugins| plugins.items());
    let mut own =
        plugins.filter(|plugin| plugin.get("name").is_some_and(|name| name.text() == "PodSecurity"));
    match own.find_map(|plugin| plugin.get("configuration")) {
        Some(configuration) => judge_exemptions(scope, configuration),
        None => Verdict::NotApplicable,
    }
}

fn judge_exemptions<'a>(scope: &ObjectScope<'_, 'a>, configuration: Value<'a>) -> Verdict<'a> {
    let parameters = &scope.around.settings.parameters;
    let list = |key: &str| {
        let list = configuration.at(&["exemptions", key]);
        list.into_iter().flat_map(|list| list.items()).filter(|entry| !entry.text().is_empty())
    };
    let mut faults = Vec::new();
    for user in list("usernames") {
        let message = format!("pods that user `{}` makes are not judged, in any namespace", user.text());
        faults.push(Fault::new(Place::at(user), message));
    }
    for namespace in list("namespaces").filter(|entry| !parameters.is_system_namespace(entry.text())) {
        let message = format!(
            "pods in namespace `{}`, which is none of the platform, are not judged",
            namespace.text()
        );
        faults.push(Fault::new(Place::at(namespace), message));
    }
    for class in list("runtimeClasses") {
        let message = format!(
            "pods of runtime class `{}` are not judged: whoever names the class is exempt",
            class.text()
        );
        faults.push(Fault::new(Place::at(class), message).graded(Severity::Low));
    }
    Verdict::of(faults)
}

/// A namespace that says itself that nothing is refused should say who wants that.
fn judge_namespace<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let (namespace, parameters) = (scope.object, &scope.around.settings.parameters);
    let Some(metadata) = namespace.metadata() else { return Verdict::NotApplicable };
    let label = metadata.at(&["labels", "pod-security.kubernetes.io/enforce"]);
    let (policy, _) = NamespacePolicy::from_labels(metadata);
    let Some(label) = label.filter(|_| policy.enforce.level == Level::Privileged) else {
        return Verdict::NotApplicable;
    };
    if parameters.is_system_namespace(namespace.name) {
        return Verdict::NotApplicable;
    }
    let named = |key: &String| {
        namespace.label(key).or_else(|| namespace.annotation(key)).is_some_and(|owner| !owner.is_empty())
    };
    match parameters.owner_labels.iter().any(named) {
        true => Verdict::Pass,
        false => Verdict::fail(Fault::new(
            Place::at(label),
            "`enforce: privileged` refuses no pod, and nobody is named who answers for that",
        )),
    }
}
