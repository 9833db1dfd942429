//! `kube-proxy/metrics-bind`; prose and cases in `metrics_bind.md`.

use seaworthy_evidence::{Place, Program, Setting, Stated};

use crate::addresses;
use crate::change;
use crate::component_flags::placeholder;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kube-proxy/metrics-bind",
    title: "Metrics of kube-proxy are not reachable off host",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBE_PROXY_CONFIGURATION,
    page: include_str!("metrics_bind.md"),
    mappings: Mappings {
        cis: &["4.3.1"],
        nsa: &["node"],
        attack: &["MS-TA9029", "T1046"],
        kubescape: &["C-0291"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::KubeProxy], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let component = scope.component;
    // With a file, kube-proxy heeds no flag that the file has a field for.
    let stated = match component.configuration().is_empty() {
        false => component.field(&["metricsBindAddress"]),
        true if component.lacks_configuration() => return elsewhere(scope),
        true => match component.flag("metrics-bind-address") {
            Setting::Stated(stated) => Some(stated),
            // By default it listens on loopback.
            Setting::Installed(_) | Setting::Default => None,
            Setting::Unknown => {
                return Verdict::unknown(
                    "k3s starts kube-proxy with flags of its own",
                    "the command line that k3s logs when it starts kube-proxy",
                );
            }
        },
    };
    let Some(stated) = stated else { return Verdict::Pass };
    if stated.is_placeholder() {
        return placeholder("metricsBindAddress");
    }
    judge(scope, &stated)
}

fn judge<'a>(scope: &ComponentScope<'_, 'a>, stated: &Stated<'a>) -> Verdict<'a> {
    let text = stated.text();
    // An empty field is the default, an empty flag turns the port off.
    if text.is_empty() || addresses::is_loopback(addresses::host(text)) {
        return Verdict::Pass;
    }
    let name = if stated.is_flag() { "--metrics-bind-address=" } else { "metricsBindAddress: " };
    let place = Place::at(stated.at);
    let profiling = scope.component.field(&["enableProfiling"]).and_then(|field| field.as_bool())
        == Some(true)
        || matches!(scope.component.flag("profiling"), Setting::Stated(flag) if flag.as_bool() == Some(true));
    if profiling {
        let message = format!("`{name}{text}`: metrics and profiles of every node, without credentials");
        return Verdict::fail(Fault::new(place, message).graded(Severity::Medium));
    }
    Verdict::fail(Fault::new(place, format!("`{name}{text}`: metrics of every node, without credentials")))
}

/// The command line names a file. When one is among the files, it is judged where it stands.
fn elsewhere<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    if scope.around.evidence.of_kind("KubeProxyConfiguration").next().is_some() {
        return Verdict::NotApplicable;
    }
    Verdict::unknown(
        "the configuration file that `--config` names is not among the files",
        "the ConfigMap `kube-system/kube-proxy`",
    )
}
