//! What holds for both listeners of etcd, that for clients and that for other members.

use seaworthy_evidence::Place;

use crate::addresses;
use crate::component_flags::{Findings, Known, flag, placeholder};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

/// The flags of a listener.
pub(super) struct Listener {
    /// Flag, and as people write it: certificate, key, CA, demand for certificates, self-made certificates, addresses.
    pub(super) certificate: (&'static str, &'static str),
    pub(super) key: (&'static str, &'static str),
    pub(super) ca: (&'static str, &'static str),
    pub(super) demand: (&'static str, &'static str),
    pub(super) automatic: (&'static str, &'static str),
    pub(super) urls: (&'static str, &'static str),
    /// Who calls.
    pub(super) callers: &'static str,
}

/// Whether everybody who calls must show a certificate of a CA that is named.
pub(super) fn judge<'a>(scope: &ComponentScope<'_, 'a>, listener: &Listener) -> Verdict<'a> {
    if let Some(file) = scope.component.flags().iter().find(|flag| flag.is("config-file")) {
        let reason = format!(
            "`--config-file={}` holds the settings of etcd, and no flag counts beside it",
            file.value
        );
        return Verdict::unknown(reason, "the configuration file of etcd");
    }
    let mut findings = Findings::default();
    plain_urls(scope, listener, &mut findings);
    if is_on(scope, listener.automatic.0) {
        findings.off(
            scope,
            listener.automatic.0,
            listener.automatic.1,
            "certificates that etcd makes itself prove nothing",
        );
    } else {
        let (without, option) = ("traffic is not encrypted, and anybody may call", listener.certificate.1);
        findings.set(scope, listener.certificate.0, option, without);
        // A certificate that is missing says it all.
        if !matches!(flag(scope, listener.certificate.0), Known::Absent) {
            findings.set(scope, listener.key.0, listener.key.1, "the certificate cannot be used");
        }
    }
    demand(scope, listener, &mut findings);
    findings.verdict()
}

/// Certificates of callers are demanded by a switch, and by naming a CA, whatever the switch then says
/// (`client/pkg/transport/listener.go`, `ServerConfig`).
fn demand<'a>(scope: &ComponentScope<'_, 'a>, listener: &Listener, findings: &mut Findings<'a>) {
    let ca = flag(scope, listener.ca.0);
    match &ca {
        Known::Stated(stated) if !stated.text().is_empty() => return,
        Known::Installed(_) => return,
        _ => {}
    }
    let callers = listener.callers;
    match (ca, is_on(scope, listener.demand.0)) {
        (Known::Undecided(verdict), _) => findings.undecided(verdict),
        (_, true) => findings.fault(Fault::new(
            scope.missing(listener.ca.1),
            format!(
                "`{}` is not set: certificates of all CAs that the system trusts are accepted from {callers}",
                listener.ca.1
            ),
        )),
        (_, false) => findings.fault(Fault::new(
            scope.missing(listener.demand.1),
            format!(
                "neither `{}` nor `{}` is set: no certificate is demanded from {callers}",
                listener.demand.1, listener.ca.1
            ),
        )),
    }
}

/// Adds a fault for each address without TLS.
fn plain_urls<'a>(scope: &ComponentScope<'_, 'a>, listener: &Listener, findings: &mut Findings<'a>) {
    let Some(stated) = scope.component.flags().iter().rev().find(|flag| flag.is(listener.urls.0)) else {
        return;
    };
    for url in stated.value.split(',').map(str::trim).filter(|url| !url.is_empty()) {
        if addresses::is_plain_http(url) {
            let reach = match addresses::is_loopback(addresses::host(url)) {
                true => "whoever runs on the node",
                false => "whoever reaches the port",
            };
            let message = format!("`{}` holds `{url}`: {reach} reads and writes everything", listener.urls.1);
            findings.fault(Fault::new(Place::at(stated.at), message));
        } else if !url.contains("://") {
            // The address of a pod may be filled in; here the scheme is, too.
            findings.undecided(placeholder(listener.urls.1));
        }
    }
}

fn is_on(scope: &ComponentScope<'_, '_>, name: &str) -> bool {
    match flag(scope, name) {
        Known::Stated(stated) => stated.as_bool() == Some(true),
        Known::Installed(value) => value == "true",
        Known::Absent | Known::Undecided(_) => false,
    }
}
