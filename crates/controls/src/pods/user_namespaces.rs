//! `pods/user-namespaces`; prose and cases in `user_namespaces.md`.

use seaworthy_evidence::Place;
use seaworthy_podsecurity::Version;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

use super::untrusted::{Sandbox, is_untrusted, sandbox};

pub(super) static CONTROL: Control = Control {
    id: "pods/user-namespaces",
    title: "Untrusted workloads run in their own user namespace",
    phase: Phase::Research,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::ISOLATION,
    page: include_str!("user_namespaces.md"),
    mappings: Mappings { nsa: &["hardening"], attack: &["T1611"], ..Mappings::NONE },
    check: Check::Several(&[Check::Pod(check), Check::Reads(closed_world::RUNTIME_CLASSES)]),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let pod = scope.pod();
    if pod.is_windows() || !is_untrusted(scope) || sandbox(scope) == Sandbox::Yes {
        return Verdict::NotApplicable;
    }
    match pod.spec().get("hostUsers") {
        Some(_) if pod.host_users() == Some(false) && !on_by_default(scope.around.settings.version) => {
            Verdict::unknown(
                "before Kubernetes 1.33 `hostUsers: false` has no effect unless a feature gate is on",
                "the feature gate `UserNamespacesSupport` of the API server and the kubelets",
            )
        }
        Some(_) if pod.host_users() == Some(false) => Verdict::Pass,
        Some(value) => Verdict::fail(Fault::new(Place::at(value), format!("`hostUsers: {}`", value.text()))),
        None => Verdict::fail(Fault::new(
            Place::missing(pod.spec(), "hostUsers"),
            "`hostUsers` is not set, so root of the container is root of the node",
        )),
    }
}

/// Whether `hostUsers` counts without a feature gate being switched on (`UserNamespacesSupport`, beta and on by
/// default in 1.33).
pub(super) fn on_by_default(version: Version) -> bool {
    version.minor() >= 33
}
