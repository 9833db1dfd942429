//! `etcd/client-tls`; prose and cases in `client_tls.md`.

use crate::probe::{Ground, Probe, etcd};
use seaworthy_evidence::Program;
use seaworthy_probe::{Attempt, Consent, SideEffect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::etcd::listeners::{self, Listener};
use crate::scope::ComponentScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "etcd/client-tls",
    title: "Clients reach etcd over TLS, with required client certificates",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::ETCD_FLAGS,
    page: include_str!("client_tls.md"),
    mappings: Mappings {
        cis: &["2.1", "2.2", "2.3"],
        nsa: &["etcd"],
        attack: &["T1552", "T1078"],
        kubescape: &["C-0153", "C-0154", "C-0155"],
        trivy: &["KCV-0042", "KCV-0043", "KCV-0044"],
        checkov: &["CKV_K8S_116", "CKV_K8S_117", "CKV_K8S_118"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Etcd], check },
    guard: None,
    probes: &[STRANGERS],
};

const STRANGERS: Probe = Probe {
    name: "strangers",
    asks: "Nobody, and then the holder of a certificate of an authority that nobody knows, ask etcd for `/version` and for one \
           key without its value, over HTTP, its JSON gateway and gRPC, with TLS and without",
    proved_by: "an alert of TLS that speaks of certificates for each question, and no answer without TLS",
    refuted_by: "one answer: keys, or `/version`",
    not_fooled_by: "TLS 1.3, where the handshake succeeds without a certificate and the alert comes behind it: something is asked \
                    and the answer read. A gateway that is off: gRPC is asked as well. Resets and silence prove nothing",
    positive_control: "the port accepts connections and completes a handshake; with `--etcd-cert`, its holder is told keys",
    consent: Consent::Read,
    side_effect: SideEffect::LogLine,
    rights: &[],
    plan: plan_strangers,
};

fn plan_strangers(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    etcd::each(ground, &ground.given.etcd, "`--etcd URL`", |subject, endpoint| {
        let holder = ground.given.has_etcd_certificate;
        etcd::closed_without_certificate(
            subject,
            endpoint,
            ["/version", "/v3/maintenance/status"],
            true,
            holder,
        )
    })
}

const CLIENTS: Listener = Listener {
    certificate: ("cert-file", "--cert-file"),
    key: ("key-file", "--key-file"),
    ca: ("trusted-ca-file", "--trusted-ca-file"),
    demand: ("client-cert-auth", "--client-cert-auth"),
    automatic: ("auto-tls", "--auto-tls"),
    urls: ("listen-client-urls", "--listen-client-urls"),
    callers: "clients",
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    listeners::judge(scope, &CLIENTS)
}
