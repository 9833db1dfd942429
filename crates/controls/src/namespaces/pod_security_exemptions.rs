//! `namespaces/pod-security-exemptions`; prose and cases in `pod_security_exemptions.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_podsecurity::{Level, NamespacePolicy};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
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
    probes: &[],
};

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
