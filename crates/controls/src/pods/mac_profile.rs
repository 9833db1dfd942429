//! `pods/mac-profile`; prose and cases in `mac_profile.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ContainerScope;
use crate::verdict::{Fault, Verdict};

use super::selinux_options::UNCONFINED_TYPES;

pub(super) static CONTROL: Control = Control {
    id: "pods/mac-profile",
    title: "Each container runs under an AppArmor or SELinux profile",
    phase: Phase::Research,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Runtime],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("mac_profile.md"),
    mappings: Mappings {
        nsa: &["hardening"],
        attack: &["T1611"],
        kubescape: &["C-0055"],
        trivy: &["KSV-0002"],
        polaris: &["linuxHardening"],
        ..Mappings::NONE
    },
    check: Check::Container(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {
    let pod = scope.pod.pod();
    if pod.is_windows() {
        return Verdict::NotApplicable;
    }
    let security = scope.container.security_context();
    let privileged =
        security.and_then(|s| s.get("privileged")).filter(|value| value.as_bool() != Some(false));
    let profile = app_armor(scope);
    let options = own_or_pods(scope, "seLinuxOptions");
    let label = |key| options.and_then(|options| options.get(key)).filter(|value| !value.text().is_empty());
    match (profile, privileged) {
        (Some((Profile::Off, value)), _) => fail(value),
        (Some((Profile::Named, _)), _) => Verdict::Pass,
        (_, Some(value)) => {
            Verdict::fail(Fault::new(Place::at(value), "`privileged` switches the default profile off"))
        }
        (default, None) => match (label("type"), label("level")) {
            (Some(kind), _) if UNCONFINED_TYPES.contains(&kind.text()) => fail(kind),
            (None, None) if default.is_none() => Verdict::unknown(
                "no profile is set, so the container runtime applies its own where the node enforces one",
                "the operating system of the nodes and the profile of the running container",
            ),
            _ => Verdict::Pass,
        },
    }
}

fn fail(value: Value<'_>) -> Verdict<'_> {
    let message = match value.text() {
        "" => "a profile without a known `type` confines nothing".to_owned(),
        kind => format!("`{kind}` confines nothing"),
    };
    Verdict::fail(Fault::new(Place::at(value), message))
}

/// What an AppArmor profile amounts to.
enum Profile {
    /// That of the container runtime, which leaves out privileged containers.
    Default,
    /// One that is loaded on the node and holds for privileged containers as well.
    Named,
    Off,
}

/// The AppArmor profile in force: the container's field, else its annotation, else the pod's field (kubelet,
/// `pkg/security/apparmor`). Before Kubernetes 1.30 there were no fields.
fn app_armor<'a>(scope: &ContainerScope<'_, 'a>) -> Option<(Profile, Value<'a>)> {
    let fields = scope.pod.around.settings.version.minor() >= 30;
    let field = |security: Option<Value<'a>>| {
        let profile = security?.get("appArmorProfile").filter(|_| fields)?;
        let kind = profile.get("type").unwrap_or(profile);
        Some(match kind.text() {
            "RuntimeDefault" => (Profile::Default, kind),
            "Localhost" => (Profile::Named, kind),
            _ => (Profile::Off, kind),
        })
    };
    let annotation = || {
        let key = format!("container.apparmor.security.beta.kubernetes.io/{}", scope.container.name());
        let value = scope.pod.pod().metadata()?.at(&["annotations", &key])?;
        match value.text() {
            "" => None,
            "runtime/default" => Some((Profile::Default, value)),
            text if text.starts_with("localhost/") => Some((Profile::Named, value)),
            _ => Some((Profile::Off, value)),
        }
    };
    field(scope.container.security_context())
        .or_else(annotation)
        .or_else(|| field(scope.pod.pod().security_context()))
}

/// A field of the container's security context, else of the pod's.
fn own_or_pods<'a>(scope: &ContainerScope<'_, 'a>, key: &str) -> Option<Value<'a>> {
    let of = |security: Option<Value<'a>>| security?.get(key);
    of(scope.container.security_context()).or_else(|| of(scope.pod.pod().security_context()))
}
