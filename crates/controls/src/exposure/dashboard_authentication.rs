//! `exposure/dashboard-authentication`; prose and cases in `dashboard_authentication.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::account_rights::{self, Rights};
use crate::exposure::console_login;
use crate::exposure::console_settings;
use crate::exposure::consoles;
use crate::scope::{ObjectScope, PodScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "exposure/dashboard-authentication",
    title: "Consoles require login and run with a limited account",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::CONSOLES,
    page: include_str!("dashboard_authentication.md"),
    mappings: Mappings {
        nsa: &["control-plane"],
        attack: &["MS-TA9005", "T1078"],
        kubescape: &["C-0014", "C-0021", "C-0090"],
        checkov: &["CKV_K8S_33"],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Pod(pod), Check::Object { kinds: &[("", "ConfigMap")], check: settings }]),
    guard: None,
    probes: &[console_login::PROBE],
};

fn pod<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let Some(running) = consoles::of_pod(scope.pod(), &scope.around.settings.parameters) else {
        return Verdict::NotApplicable;
    };
    let mut faults = Vec::new();
    for container in scope.pod().containers() {
        faults.extend(console_settings::of_container(container, running.console.name));
    }
    if let Some(granted) = account_rights::of_pod(scope) {
        let spec = scope.pod().spec();
        let place = match spec.get("serviceAccountName").or_else(|| spec.get("serviceAccount")) {
            Some(name) => Place::at(name),
            None => Place::missing(spec, "serviceAccountName"),
        };
        let (may, severity) = match granted.rights {
            Rights::Everything => ("may do everything", Severity::Critical),
            Rights::ReadsSecrets => ("reads the Secrets of every namespace", Severity::High),
        };
        let message = format!(
            "the account of {} {may}: ClusterRoleBinding `{}` gives it `{}`",
            running.console.name, granted.binding, granted.role
        );
        faults.push(Fault::new(place, message).graded(severity));
    }
    Verdict::of(faults)
}

/// Settings that consoles read from ConfigMaps.
fn settings<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    console_settings::of_config_map(scope.object)
}
