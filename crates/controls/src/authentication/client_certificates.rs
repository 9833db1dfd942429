//! `authentication/client-certificates`; prose and cases in `client_certificates.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "authentication/client-certificates",
    title: "Client certificates are not used by people",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node, Scope::Audit],
    change: &change::AUTHENTICATION_CONFIGURATION,
    page: include_str!("client_certificates.md"),
    mappings: Mappings {
        cis: &["3.1.1"],
        nsa: &["auth"],
        attack: &["MS-TA9003", "T1649"],
        kubescape: &["C-0286"],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: &[("certificates.k8s.io", "CertificateSigningRequest")], check },
    guard: None,
    probes: &[],
};

/// The signer whose certificates the API server accepts from clients.
const SIGNER: &str = "kubernetes.io/kube-apiserver-client";

/// The longest life of a certificate that nobody can revoke, in seconds: a day.
const LONGEST: i64 = 86_400;

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(spec) = scope.object.value.get("spec") else { return Verdict::NotApplicable };
    if spec.get("signerName").is_none_or(|signer| signer.text() != SIGNER) {
        return Verdict::NotApplicable;
    }
    match spec.get("expirationSeconds") {
        None => Verdict::fail(Fault::new(
            Place::missing(spec, "expirationSeconds"),
            "a client certificate without `expirationSeconds`: it is valid for a year unless the signer says less, and \
             cannot be revoked",
        )),
        Some(seconds) => match seconds.as_i64() {
            Some(life) if life <= LONGEST => Verdict::Pass,
            Some(life) => Verdict::fail(Fault::new(
                Place::at(seconds),
                format!("a client certificate for {} hours: it cannot be revoked before", life / 3600),
            )),
            None => Verdict::unknown("`expirationSeconds` is no whole number", "a whole number in the field"),
        },
    }
}
