//! `kubelet/safe-defaults`; prose and cases in `safe_defaults.md`.

use seaworthy_evidence::{Place, Program, Setup};
use seaworthy_probe::{Attempt, Consent, Outcome, Request, SideEffect, Step};

use crate::change;
use crate::component_flags::{Findings, misfit};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{EVENT_QPS, Effective, Field, UTIL_CHAINS};
use crate::probe::{Ground, Probe, Right, kubelets, ports};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/safe-defaults",
    title: "Kubelet keeps safe kernel, streaming, naming and event defaults",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("safe_defaults.md"),
    mappings: Mappings {
        cis: &["4.2.6", "4.2.5", "4.2.7", "4.2.8"],
        nsa: &["node"],
        attack: &["T1562", "MS-TA9040", "T1499", "T1036"],
        kubescape: &["C-0177", "C-0178", "C-0176", "C-0179", "C-0180"],
        trivy: &["KCV-0084", "KCV-0085", "KCV-0083", "KCV-0086", "KCV-0087"],
        checkov: &["CKV_K8S_144", "CKV_K8S_145", "CKV_K8S_143", "CKV_K8S_146", "CKV_K8S_147"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[HEALTH],
};

const HEALTH: Probe = Probe {
    name: "health-port",
    asks: "Nobody GETs `/healthz` of port 10248 of each node, without TLS, by an address that others reach",
    proved_by: "the port refuses the connection: it listens on loopback, as by default",
    refuted_by: "an answer of HTTP",
    not_fooled_by: "a wrong address or a dead host: the kubelet answers on its own port of the same host and is vouched for; an \
                    address of loopback is not tried; another port, which the kubelet is asked for through the API server where \
                    the caller may",
    positive_control: "a TLS handshake with the kubelet on the same host, before and after",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "nodes/proxy", verbs: &["get"] }],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    kubelets::attempts(ground, |kubelet| {
        if ports::is_loopback(&kubelet.endpoint.host) {
            return ports::on_loopback(kubelet.subject(), "--node");
        }
        let mut steps = kubelet.steps();
        steps.push(Step::ask("healthz", Request::get("/healthz").at(&kubelet.port(10248)).plain()));
        steps.extend(kubelet.configuration());
        let kubelet = kubelet.clone();
        Attempt::new(kubelet.subject(), steps, move |answers| {
            if answers.status("healthz").is_some() {
                return Outcome::refuted(
                    "healthz",
                    "the health port 10248 of the kubelet answers off the host",
                );
            }
            match ports::refused(answers, "healthz", 10248, "the kubelet, health") {
                Some(outcome) => kubelets::says_otherwise(answers, "healthzPort", 10248)
                    .unwrap_or_else(|| kubelet.only_if_vouched(answers, outcome)),
                None => answers.inconclusive("healthz"),
            }
        })
    })
}

const PROTECT: Field = Field {
    flag: "protect-kernel-defaults",
    option: "--protect-kernel-defaults",
    path: &["protectKernelDefaults"],
    name: "protectKernelDefaults",
};
const SYSCTLS: Field = Field {
    flag: "allowed-unsafe-sysctls",
    option: "--allowed-unsafe-sysctls",
    path: &["allowedUnsafeSysctls"],
    name: "allowedUnsafeSysctls",
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut findings = Findings::default();
    protect_kernel(scope, &mut findings);
    match UTIL_CHAINS.as_bool(scope, true, true) {
        Ok((false, Some(stated))) => findings.fault(Fault::new(
            Place::at(stated.at),
            format!(
                "{}: the kubelet no longer keeps the firewall rules that its services rely on",
                UTIL_CHAINS.written(&stated)
            ),
        )),
        Ok(_) => {}
        Err(verdict) => findings.undecided(verdict),
    }
    match SYSCTLS.of(scope) {
        Effective::Stated(stated) if stated.items().iter().any(|item| !item.is_empty()) => {
            let message = format!(
                "`{}` lets pods change the kernel: `{}`",
                SYSCTLS.shown(scope),
                stated.items().join("`, `")
            );
            findings.fault(Fault::new(Place::at(stated.at), message));
        }
        Effective::Undecided(verdict) => findings.undecided(verdict),
        _ => {}
    }
    match EVENT_QPS.of(scope) {
        Effective::Stated(stated) => match stated.as_i64() {
            Some(..0) => findings.fault(
                Fault::new(
                    Place::at(stated.at),
                    format!("{}: the kubelet refuses to start", EVENT_QPS.written(&stated)),
                )
                .graded(Severity::Low),
            ),
            Some(_) => {}
            None => findings.undecided(misfit(EVENT_QPS.name)),
        },
        Effective::Undecided(verdict) => findings.undecided(verdict),
        _ => {}
    }
    flags_alone(scope, &mut findings);
    findings.verdict()
}

fn protect_kernel<'a>(scope: &ComponentScope<'_, 'a>, findings: &mut Findings<'a>) {
    const CHANGES: &str = "the kubelet changes kernel settings that do not suit it instead of telling";
    match PROTECT.as_bool(scope, false, false) {
        Ok((true, _)) => {}
        Ok((false, Some(stated))) => {
            let message = format!("{}: {CHANGES}", PROTECT.written(&stated));
            findings.fault(Fault::new(Place::at(stated.at), message).graded(Severity::Low));
        }
        Ok((false, None)) => {
            let message = format!("`{}` is not set: {CHANGES}", PROTECT.shown(scope));
            findings.fault(Fault::new(PROTECT.missing(scope), message).graded(Severity::Low));
        }
        Err(verdict) => findings.undecided(verdict),
    }
}

/// What only a flag can set: a file takes a time of zero for the default. What a running kubelet tells has its defaults
/// already, so that a zero there is one.
fn flags_alone<'a>(scope: &ComponentScope<'_, 'a>, findings: &mut Findings<'a>) {
    if scope.component.setup == Setup::Running
        && let Some(time) = scope.component.field(&["streamingConnectionIdleTimeout"])
        && is_zero(time.text())
    {
        let message =
            format!("`streamingConnectionIdleTimeout: {}`: idle connections stay open", time.text());
        findings.fault(Fault::new(Place::at(time.at), message));
    }
    for flag in scope.component.flags() {
        if flag.is("streaming-connection-idle-timeout") && is_zero(flag.value) {
            let message =
                format!("`--streaming-connection-idle-timeout={}`: idle connections stay open", flag.value);
            findings.fault(Fault::new(Place::at(flag.at), message));
        }
        if flag.is("hostname-override") && !flag.value.is_empty() {
            let message =
                "`--hostname-override` is set: the node may go by another name than its certificate says";
            findings.fault(Fault::new(Place::at(flag.at), message).graded(Severity::Low));
        }
    }
}

/// Whether a duration of Go is zero.
fn is_zero(duration: &str) -> bool {
    let digits = duration.chars().filter(char::is_ascii_digit);
    duration.starts_with(|first: char| first.is_ascii_digit()) && digits.into_iter().all(|digit| digit == '0')
}
