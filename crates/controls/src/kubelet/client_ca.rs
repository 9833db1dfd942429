//! `kubelet/client-ca`; prose and cases in `client_ca.md`.

use seaworthy_evidence::{Place, Program, collection::GROUP, node_reading};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Effective, Field, serves};
use crate::node_files;
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/client-ca",
    title: "Kubelet verifies client certificates",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("client_ca.md"),
    mappings: Mappings {
        cis: &["4.2.3", "4.1.7", "4.1.8"],
        nsa: &["node"],
        attack: &["MS-TA9030"],
        kubescape: &["C-0174", "C-0070", "C-0168", "C-0169"],
        trivy: &["KCV-0081", "KCV-0075", "KCV-0076"],
        checkov: &["CKV_K8S_140"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::Kubelet], check },
        Check::Object { kinds: &[(GROUP, node_reading::KIND)], check: check_file },
    ]),
    guard: None,
    probes: &[],
};

const CLIENT_CA: Field = Field {
    flag: "client-ca-file",
    option: "--client-ca-file",
    path: &["authentication", "x509", "clientCAFile"],
    name: "authentication.x509.clientCAFile",
};

/// Whoever writes the file adds a CA of his own.
fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    node_files::judge(scope, CONTROL.id, |rule| rule.mode)
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    if !serves(scope) {
        return Verdict::NotApplicable;
    }
    const WITHOUT: &str = "the kubelet knows no client by its certificate, not even the API server";
    match CLIENT_CA.of(scope) {
        Effective::Stated(stated) if stated.text().is_empty() => {
            let message = format!("`{}` is empty: {WITHOUT}", CLIENT_CA.shown(scope));
            Verdict::fail(Fault::new(Place::at(stated.at), message))
        }
        Effective::Stated(_) | Effective::Installed(_) => Verdict::Pass,
        Effective::FileDefault | Effective::FlagDefault => {
            let message = format!("`{}` is not set: {WITHOUT}", CLIENT_CA.shown(scope));
            Verdict::fail(Fault::new(CLIENT_CA.missing(scope), message))
        }
        Effective::Undecided(verdict) => verdict,
    }
}
