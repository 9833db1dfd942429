//! `kubelet/tls-strength`; prose and cases in `tls_strength.md`.

use crate::probe::{Ground, Probe, tls};
use seaworthy_evidence::{Place, Program};
use seaworthy_probe::Attempt;

use crate::change;
use crate::cipher_suites;
use crate::component_flags::{Findings, misfit};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Effective, TLS_SUITES, TLS_VERSION, serves};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/tls-strength",
    title: "Kubelet offers only TLS 1.2+ and AEAD suites",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("tls_strength.md"),
    mappings: Mappings {
        cis: &["4.2.12"],
        nsa: &["encryption"],
        attack: &["T1557"],
        kubescape: &["C-0184"],
        trivy: &["KCV-0092"],
        checkov: &["CKV_K8S_151"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[HELLOS],
};

const HELLOS: Probe = Probe { plan: plan_hellos, ..tls::STRENGTH };

fn plan_hellos(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    tls::each(tls::kubelets(ground), ("kubelet", "`--node ADDRESS`"), |server| {
        tls::strength(server.subject, &server.target, tls::Weak::NotAead)
    })
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    if !serves(scope) {
        return Verdict::NotApplicable;
    }
    let mut findings = Findings::default();
    match TLS_VERSION.of(scope) {
        Effective::Stated(stated) => match stated.text() {
            // The suites of TLS 1.3 are all good, and no setting chooses among them.
            "VersionTLS13" => return Verdict::Pass,
            "VersionTLS12" | "" => {}
            "VersionTLS10" | "VersionTLS11" => {
                let message = format!("{}: this version of TLS is broken", TLS_VERSION.written(&stated));
                findings.fault(Fault::new(Place::at(stated.at), message));
            }
            _ => findings.undecided(misfit(TLS_VERSION.name)),
        },
        Effective::Undecided(verdict) => findings.undecided(verdict),
        // The default is TLS 1.2.
        Effective::Installed(_) | Effective::FileDefault | Effective::FlagDefault => {}
    }
    match TLS_SUITES.of(scope) {
        Effective::Stated(stated) if !stated.items().iter().all(|suite| suite.is_empty()) => {
            let weak: Vec<_> =
                stated.items().into_iter().filter(|suite| !cipher_suites::is_aead(suite)).collect();
            if let Some(first) = weak.first() {
                let more =
                    if weak.len() > 1 { format!(" and {} more", weak.len() - 1) } else { String::new() };
                let message = format!(
                    "`{}` offers `{first}`{more}, which is no AEAD suite with forward secrecy",
                    TLS_SUITES.shown(scope)
                );
                findings.fault(Fault::new(Place::at(stated.at), message));
            }
        }
        Effective::Undecided(verdict) => findings.undecided(verdict),
        _ => {
            let message = format!(
                "`{}` is not set: suites with CBC are offered to clients of TLS 1.2",
                TLS_SUITES.shown(scope)
            );
            findings.fault(Fault::new(TLS_SUITES.missing(scope), message).graded(Severity::Low));
        }
    }
    findings.verdict()
}
