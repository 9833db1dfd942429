//! `etcd/dedicated-ca`; prose and cases in `dedicated_ca.md`.

use seaworthy_evidence::{Place, Program, Setting};

use crate::change;
use crate::component_flags::{Known, flag};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "etcd/dedicated-ca",
    title: "The CA that etcd trusts is its own, not that of the cluster",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::ETCD_FLAGS,
    page: include_str!("dedicated_ca.md"),
    mappings: Mappings {
        cis: &["2.7"],
        nsa: &["etcd"],
        attack: &["T1552", "T1078"],
        kubescape: &["C-0159"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Etcd], check },
    guard: None,
    probes: &[],
};

/// Where kubeadm keeps the CA of the cluster, whose certificates every node and administrator has.
const CLUSTER_CA: &str = "/etc/kubernetes/pki/ca.crt";

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let stated = match flag(scope, "trusted-ca-file") {
        Known::Stated(stated) if stated.text().is_empty() => return Verdict::NotApplicable,
        Known::Stated(stated) => stated,
        // Installers make a CA for etcd.
        Known::Installed(_) => return Verdict::Pass,
        // No CA at all is the matter of `etcd/client-tls`.
        Known::Absent => return Verdict::NotApplicable,
        Known::Undecided(verdict) => return verdict,
    };
    let path = stated.text();
    if path == CLUSTER_CA || clients_of_api_server(scope).any(|ca| ca == path) {
        let message = format!(
            "`--trusted-ca-file={path}` is the CA of the cluster: every certificate of a node or a person opens etcd"
        );
        return Verdict::fail(Fault::new(Place::at(stated.at), message));
    }
    if is_of_etcd(path) {
        return Verdict::Pass;
    }
    Verdict::unknown(
        "whether the CA of etcd is another one than that of the cluster, two paths do not tell",
        "the fingerprints of both certificates",
    )
}

/// The path at which kubeadm, k3s and RKE2 keep the CA that they make for etcd.
fn is_of_etcd(path: &str) -> bool {
    path == "/etc/kubernetes/pki/etcd/ca.crt" || path.ends_with("/server/tls/etcd/server-ca.crt")
}

/// The CAs by which the API servers among the files know their clients.
fn clients_of_api_server<'e, 'a>(scope: &ComponentScope<'e, 'a>) -> impl Iterator<Item = &'a str> {
    let components = scope.around.evidence.components().iter();
    // A cluster has few API servers; a file of thousands must not cost the square of them.
    let servers = components.filter(|component| component.program == Program::ApiServer).take(64);
    servers.filter_map(|server| match server.flag("client-ca-file") {
        Setting::Stated(stated) => Some(stated.text()),
        Setting::Installed(path) => Some(path),
        Setting::Default | Setting::Unknown => None,
    })
}
