//! `api-server/etcd-client-tls`; prose and cases in `etcd_client_tls.md`.

use seaworthy_evidence::Program;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Given};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/etcd-client-tls",
    title: "API server reaches etcd over verified mutual TLS",
    phase: Phase::QuickWin,
    step: 3,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("etcd_client_tls.md"),
    mappings: Mappings {
        cis: &["1.2.23", "1.2.26"],
        nsa: &["etcd"],
        attack: &["T1557", "T1552"],
        kubescape: &["C-0137", "C-0140"],
        trivy: &["KCV-0026", "KCV-0029"],
        checkov: &["CKV_K8S_99", "CKV_K8S_102"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let servers = flags.items("--etcd-servers").unwrap_or_default();
    let overrides = flags.items("--etcd-servers-overrides").unwrap_or_default();
    for server in servers.iter().chain(&overrides) {
        // An override is `group/resource#server;server`.
        let urls = server.text.split_once('#').map_or(server.text, |(_, urls)| urls);
        for url in urls.split(';').filter(|url| url.starts_with("http://")) {
            let fault =
                Fault::new(server.place, format!("etcd is reached over plain HTTP at `{}`", host(url)));
            flags.fault(if is_loopback(url) { fault.graded(Severity::High) } else { fault });
        }
    }
    // A socket of this host needs no TLS; plain HTTP has none, and is reported already.
    let encrypted =
        |server: &Given<'_>| !server.text.starts_with("unix:") && !server.text.starts_with("http://");
    if servers.is_empty() || servers.iter().any(encrypted) {
        flags.require("--etcd-cafile", "the API server does not verify that it speaks with its own etcd");
        let why = "the API server has no certificate to show, so that etcd has to accept anybody";
        flags.require("--etcd-certfile", why);
        flags.require("--etcd-keyfile", why);
    }
    flags.verdict()
}

/// The host and port of a URL, without a user or password before them.
fn host(url: &str) -> &str {
    let host = url.strip_prefix("http://").unwrap_or(url);
    host.rsplit('@').next().unwrap_or(host)
}

fn is_loopback(url: &str) -> bool {
    let host = host(url);
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|local| {
        host.strip_prefix(local).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    })
}
