//! `kubelet/certificates`; prose and cases in `certificates.md`.

use crate::probe::{Ground, Probe, tls};
use seaworthy_evidence::Setup;
use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Tls};

use crate::change;
use crate::component_flags::Findings;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{
    Effective, Field, ROTATE_CERTIFICATES, SERVER_TLS_BOOTSTRAP, TLS_CERTIFICATE, TLS_KEY, gate, serves,
};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/certificates",
    title: "Kubelet certificates are CA-signed and rotate",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("certificates.md"),
    mappings: Mappings {
        cis: &["4.2.9", "4.2.11", "1.3.6", "4.2.10"],
        nsa: &["node"],
        attack: &["T1557", "T1649"],
        kubescape: &["C-0181", "C-0183", "C-0149", "C-0182"],
        trivy: &["KCV-0088", "KCV-0091", "KCV-0038", "KCV-0090"],
        checkov: &["CKV_K8S_148", "CKV_K8S_112", "CKV_K8S_149"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[HANDSHAKE],
};

const HANDSHAKE: Probe = Probe {
    name: "handshake",
    asks: "Nobody completes a TLS handshake with each kubelet and looks at its certificates",
    proved_by: "they lead to the authority of the cluster, stand for the address of the node, and are not near their end",
    refuted_by: "a certificate that has ended or was not renewed in time, or that the kubelet signed by itself",
    not_fooled_by: "an authority of its own for kubelets, or an address that the certificate does not name: inconclusive",
    positive_control: "the handshake is completed",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[],
    plan: plan_handshake,
};

fn plan_handshake(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    tls::each(tls::kubelets(ground), ("kubelet", "`--node ADDRESS`"), |server| {
        tls::certificates(server, None, judge_handshake)
    })
}

fn judge_handshake(tls: &Tls) -> Outcome {
    const STEP: &str = "certificates";
    let Some(own) = tls.certificates.first() else {
        return Outcome::inconclusive(STEP, "the kubelet shows no certificate that can be read");
    };
    if own.remaining <= 0 {
        return Outcome::refuted(STEP, format!("the certificate of {} has ended", own.subject));
    }
    match &tls.trusted {
        Err(_) if tls::is_self_made(own) => {
            Outcome::refuted(STEP, format!("the kubelet signed the certificate of {} by itself", own.subject))
        }
        Err(why) => Outcome::inconclusive(STEP, format!("nobody vouches for {}: {why}", own.subject))
            .needs("a kubeconfig that holds the authority which signs for kubelets"),
        // Whatever rotates is renewed when 70 to 90 % of its time are over (`client-go/util/certificate`).
        Ok(()) if own.remaining < own.lifetime / 10 => {
            let days = own.remaining / 86_400;
            Outcome::refuted(
                STEP,
                format!("the certificate of {} has {days} days left and was not renewed", own.subject),
            )
        }
        Ok(()) => {
            let days = own.remaining / 86_400;
            Outcome::proved(
                STEP,
                format!("{} is vouched for by {} and has {days} days left", own.subject, own.issuer),
            )
        }
    }
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut findings = Findings::default();
    client(scope, &mut findings);
    if serves(scope) {
        serving(scope, &mut findings);
    }
    findings.verdict()
}

/// The certificate that the kubelet shows to the API server.
fn client<'a>(scope: &ComponentScope<'_, 'a>, findings: &mut Findings<'a>) {
    // kubeadm turns rotation on, whatever its file says.
    if scope.component.setup == Setup::Kubeadm
        && !scope.component.flags().iter().any(|flag| flag.is(ROTATE_CERTIFICATES.flag))
    {
        return;
    }
    const ENDS: &str = "the kubelet's client certificate ends one day, and with it the node";
    match ROTATE_CERTIFICATES.as_bool(scope, false, false) {
        Ok((true, _)) => {}
        Ok((false, Some(stated))) => {
            findings.fault(Fault::new(
                Place::at(stated.at),
                format!("{}: {ENDS}", ROTATE_CERTIFICATES.written(&stated)),
            ));
        }
        Ok((false, None)) => {
            let message = format!("`{}` is not set: {ENDS}", ROTATE_CERTIFICATES.shown(scope));
            findings.fault(Fault::new(ROTATE_CERTIFICATES.missing(scope), message));
        }
        Err(verdict) => findings.undecided(verdict),
    }
}

/// The certificate that the kubelet shows to those who call it.
fn serving<'a>(scope: &ComponentScope<'_, 'a>, findings: &mut Findings<'a>) {
    let is_set = |field: &Field| match field.of(scope) {
        Effective::Stated(stated) => Ok(!stated.text().is_empty()),
        Effective::Installed(_) => Ok(true),
        Effective::FileDefault | Effective::FlagDefault => Ok(false),
        Effective::Undecided(verdict) => Err(verdict),
    };
    match (is_set(&TLS_CERTIFICATE), is_set(&TLS_KEY)) {
        (Ok(true), Ok(true)) => return,
        (Err(verdict), _) | (_, Err(verdict)) => return findings.undecided(verdict),
        _ => {}
    }
    match SERVER_TLS_BOOTSTRAP.as_bool(scope, false, false) {
        Ok((true, _)) => match gate(scope, "RotateKubeletServerCertificate") {
            Ok(Some((false, place))) => findings.fault(Fault::new(
                place,
                "the gate `RotateKubeletServerCertificate` is off: the serving certificate is self-signed",
            )),
            Ok(_) => {}
            Err(verdict) => findings.undecided(verdict),
        },
        Ok((false, Some(stated))) => findings.fault(Fault::new(
            Place::at(stated.at),
            format!(
                "{} and no certificate is named: the serving certificate is self-signed",
                SERVER_TLS_BOOTSTRAP.written(&stated)
            ),
        )),
        Ok((false, None)) => findings.fault(Fault::new(
            SERVER_TLS_BOOTSTRAP.missing(scope),
            format!(
                "`{}` is not set and no certificate is named: the serving certificate is self-signed",
                SERVER_TLS_BOOTSTRAP.shown(scope)
            ),
        )),
        Err(verdict) => findings.undecided(verdict),
    }
}
