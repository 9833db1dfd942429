//! `etcd/client-tls`; prose and cases in `client_tls.md`.

use seaworthy_evidence::Program;

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
    probes: &[],
};

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
