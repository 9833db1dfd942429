//! `kube-proxy/metrics-bind`; prose and cases in `metrics_bind.md`.

use seaworthy_evidence::{Place, Program, Setting, Stated};
use seaworthy_probe::{Attempt, Consent, Outcome, Request, SideEffect, Step, expect};

use crate::addresses;
use crate::change;
use crate::component_flags::placeholder;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, kubelets, ports};
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
    probes: &[OFF_HOST],
};

const OFF_HOST: Probe = Probe {
    name: "off-host",
    asks: "Nobody GETs `/metrics` of port 10249 of each node (or of the port that a KubeProxyConfiguration of the cluster \
           states), without TLS, by an address that others reach",
    proved_by: "the port refuses the connection, while kube-proxy answers on its health port 10256",
    refuted_by: "metrics",
    not_fooled_by: "a node without kube-proxy, a wrong address or a dead host: the health port answers on the same host, and its \
                    kubelet is vouched for; an address of loopback is not tried",
    positive_control: "`/healthz` of port 10256, and a TLS handshake with the kubelet, on the same host, before and after",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[],
    plan,
};

/// Where kube-proxy serves metrics: as its configuration in the cluster says, else by default. `None` when there are several.
fn metrics_port(ground: &Ground<'_, '_>) -> Option<u16> {
    let configurations = ground.evidence.of_kind("KubeProxyConfiguration");
    let mut stated: Vec<u16> = configurations
        .filter_map(|file| file.value.get("metricsBindAddress")?.text().rsplit_once(':')?.1.parse().ok())
        .filter(|port| *port != 0)
        .collect();
    stated.sort_unstable();
    stated.dedup();
    match stated.as_slice() {
        [] => Some(10249),
        [port] => Some(*port),
        _ => None,
    }
}

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let stated = metrics_port(ground);
    kubelets::attempts(ground, |kubelet| {
        if ports::is_loopback(&kubelet.endpoint.host) {
            return ports::on_loopback(kubelet.subject(), "--node");
        }
        let Some(port) = stated else {
            let reason = "configurations of kube-proxy state several ports";
            return Attempt::cannot(kubelet.subject(), reason, "one configuration");
        };
        let mut steps = kubelet.steps();
        let plain =
            |path: &str, port| Request::get(path).at(&kubelet.port(port)).plain().most(kubelets::SOME);
        steps.push(Step::control("health", plain("/healthz", 10256), expect::http));
        steps.push(Step::ask("metrics", plain("/metrics", port)));
        let kubelet = kubelet.clone();
        let attempt = Attempt::new(kubelet.subject(), steps, move |answers| {
            let metrics = answers.get("metrics").filter(|answer| answer.status() == Some(200));
            if metrics.is_some_and(|answer| answer.text().starts_with("# HELP")) {
                let reason = format!("anybody may read the metrics of kube-proxy on port {port}");
                return Outcome::refuted("metrics", reason);
            }
            match ports::refused(answers, "metrics", port, "kube-proxy, metrics") {
                Some(outcome) => kubelet.only_if_vouched(answers, outcome),
                None => answers.inconclusive("metrics"),
            }
        });
        attempt.otherwise_needs("an address by which the kubelet, and kube-proxy on its health port, answer")
    })
}

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
