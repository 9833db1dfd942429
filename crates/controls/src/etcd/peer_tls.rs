//! `etcd/peer-tls`; prose and cases in `peer_tls.md`.

use crate::probe::{Ground, Probe, etcd};
use seaworthy_evidence::Program;
use seaworthy_probe::{Attempt, Consent, SideEffect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::etcd::listeners::{self, Listener};
use crate::scope::ComponentScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "etcd/peer-tls",
    title: "Members of etcd authenticate each other with certificates",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::ETCD_FLAGS,
    page: include_str!("peer_tls.md"),
    mappings: Mappings {
        cis: &["2.4", "2.5", "2.6"],
        nsa: &["etcd"],
        attack: &["T1557"],
        kubescape: &["C-0156", "C-0157", "C-0158"],
        trivy: &["KCV-0045", "KCV-0046", "KCV-0047"],
        checkov: &["CKV_K8S_119", "CKV_K8S_121"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Etcd], check },
    guard: None,
    probes: &[STRANGERS],
};

const STRANGERS: Probe = Probe {
    name: "strangers",
    asks: "Nobody, and then the holder of a certificate of an authority that nobody knows, GET `/members` and `/version` of the \
           peer port, with TLS and without",
    proved_by: "an alert of TLS that speaks of certificates for each question, and no answer without TLS",
    refuted_by: "one answer",
    not_fooled_by: "TLS 1.3, where the handshake succeeds without a certificate and the alert comes behind it: something is asked \
                    and the answer read. Resets and silence prove nothing",
    positive_control: "the port accepts connections and completes a handshake",
    consent: Consent::Read,
    side_effect: SideEffect::LogLine,
    rights: &[],
    plan: plan_strangers,
};

fn plan_strangers(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    etcd::each(ground, &ground.given.etcd_peers, "`--etcd-peer URL`", |subject, endpoint| {
        etcd::closed_without_certificate(subject, endpoint, ["/members", "/version"], false, false)
    })
}

const PEERS: Listener = Listener {
    certificate: ("peer-cert-file", "--peer-cert-file"),
    key: ("peer-key-file", "--peer-key-file"),
    ca: ("peer-trusted-ca-file", "--peer-trusted-ca-file"),
    demand: ("peer-client-cert-auth", "--peer-client-cert-auth"),
    automatic: ("peer-auto-tls", "--peer-auto-tls"),
    urls: ("listen-peer-urls", "--listen-peer-urls"),
    callers: "other members",
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    listeners::judge(scope, &PEERS)
}
