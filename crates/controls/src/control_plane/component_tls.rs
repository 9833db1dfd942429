//! `control-plane/component-tls`; prose and cases in `component_tls.md`.

use seaworthy_evidence::Found;
use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Consent, SideEffect};

use crate::addresses;
use crate::change;
use crate::clients::kubeconfigs;
use crate::component_flags::{Findings, Known, flag};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, Right, components, tls};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "control-plane/component-tls",
    title: "Scheduler and controller-manager speak verified TLS both ways",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::COMPONENT_FLAGS,
    page: include_str!("component_tls.md"),
    mappings: Mappings { nsa: &["encryption"], attack: &["T1557"], ..Mappings::NONE },
    check: Check::Component { programs: &[Program::ControllerManager, Program::Scheduler], check },
    guard: None,
    probes: &[CREDENTIALS, HELLOS],
};

const CREDENTIALS: Probe = Probe {
    name: "credentials",
    asks: "Nobody GETs `/metrics`, `/configz`, `/flagz` and `/debug/pprof/` of the scheduler and the controller manager, and \
           `/healthz` without TLS of the same port and of the ports 10251 and 10252 of older releases",
    proved_by: "401 or 403 that names `system:anonymous` for each, and no answer without TLS",
    refuted_by: "200 for one; where the API server grants it to everybody, the reason says so",
    not_fooled_by: "a port that refuses everything, or something else than the component: `/healthz` is open to everybody",
    positive_control: "nobody GETs `/healthz` of the same port and is answered `ok`",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::ACCESS_REVIEW],
    plan: components::credentials,
};

const HELLOS: Probe = Probe {
    asks: "Nobody says hello to the scheduler and the controller manager that flags name, by TLS 1.0, by TLS 1.1, and by TLS 1.2 \
           with suites that lack forward secrecy or whose ciphers are broken",
    plan: plan_hellos,
    ..tls::STRENGTH
};

fn plan_hellos(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let needs = "`--scheduler URL` and `--controller-manager URL`";
    tls::each(tls::components(ground), ("control plane's components", needs), |server| {
        tls::strength(server.subject, &server.target, tls::Weak::Broken)
    })
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut findings = Findings::default();
    if let Known::Stated(master) = flag(scope, "master")
        && addresses::is_plain_http(master.text())
    {
        let message =
            "`--master` is a plain `http` address: what the component sends and reads is open to the network";
        findings.fault(Fault::new(Place::at(master.at), message));
    }
    let insecure =
        scope.component.flags().iter().find(|flag| flag.is("port") && !matches!(flag.value, "" | "0"));
    if let Some(port) = insecure {
        let message = format!("`--port={}` serves without TLS and without credentials", port.value);
        findings.fault(Fault::new(Place::at(port.at), message));
    }
    kubeconfig(scope, &mut findings);
    serving(scope, &mut findings);
    findings.verdict()
}

/// How the component speaks to the API server: by the kubeconfig among the files, when it is there.
fn kubeconfig<'a>(scope: &ComponentScope<'_, 'a>, findings: &mut Findings<'a>) {
    /// Kubeconfigs among which the one that is named is looked for.
    const MANY: usize = 64;
    let Known::Stated(path) = flag(scope, "kubeconfig") else { return };
    if scope.around.evidence.of_kind("Config").nth(MANY).is_some() {
        return;
    }
    if let Found::One(file) = scope.file_of("Config", path.text())
        && !kubeconfigs::tls_faults(file.value).is_empty()
    {
        let message = format!(
            "the kubeconfig `{}` does not verify the API server: see `clients/kubeconfig-tls`",
            path.text()
        );
        findings.fault(Fault::new(Place::at(path.at), message));
    }
}

/// How it tells who calls: by the API server, or by a CA of its own.
fn serving<'a>(scope: &ComponentScope<'_, 'a>, findings: &mut Findings<'a>) {
    if matches!(flag(scope, "secure-port"), Known::Stated(port) if port.as_i64() == Some(0)) {
        return;
    }
    let is_absent = |name| matches!(flag(scope, name), Known::Absent);
    if is_absent("authentication-kubeconfig") && is_absent("client-ca-file") {
        let message =
            "neither `--authentication-kubeconfig` nor `--client-ca-file` is set: all callers are anonymous";
        findings.fault(
            Fault::new(scope.missing("--authentication-kubeconfig"), message).graded(Severity::Medium),
        );
    }
    let reachable = match flag(scope, "bind-address") {
        Known::Stated(stated) => !addresses::is_loopback(stated.text()),
        Known::Absent => true,
        Known::Installed(_) | Known::Undecided(_) => false,
    };
    if reachable && is_absent("tls-cert-file") && is_absent("cert-dir") {
        let message = "`--tls-cert-file` is not set and the port is open to the network: nobody can verify its self-signed certificate";
        findings.fault(Fault::new(scope.missing("--tls-cert-file"), message).graded(Severity::Low));
    }
}
