//! `exposure/external-ips`; prose and cases in `external_ips.md`.

use seaworthy_evidence::{Place, Program, Setting};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

const PLUGIN: &str = "DenyServiceExternalIPs";

pub(super) static CONTROL: Control = Control {
    id: "exposure/external-ips",
    title: "Services set no external IPs",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::EXPOSURE,
    page: include_str!("external_ips.md"),
    mappings: Mappings {
        cis: &["1.2.3"],
        nsa: &["netpol"],
        attack: &["MS-TA9036", "T1557"],
        kubescape: &["C-0115", "C-0283"],
        trivy: &["KSV-0108", "KCV-0003"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object { kinds: &[("", "Service")], check: service },
        Check::Component { programs: &[Program::ApiServer], check: api_server },
    ]),
    guard: None,
    probes: &[],
};

fn service<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(addresses) = scope.object.value.at(&["spec", "externalIPs"]) else { return Verdict::Pass };
    if !addresses.is_sequence() {
        return match is_placeholder(addresses.text()) {
            true => Verdict::unknown("`externalIPs` is filled in later", "the manifest as it is applied"),
            false => Verdict::unknown("`externalIPs` is no list", "the manifest corrected"),
        };
    }
    let list: Vec<&str> = addresses.items().take(3).map(|address| address.text()).collect();
    if list.is_empty() {
        return Verdict::Pass;
    }
    let message = format!(
        "`externalIPs: [{}]`: nodes send traffic for these addresses here, whoever owns them",
        list.join(", ")
    );
    Verdict::fail(Fault::new(Place::at(addresses), message))
}

/// The plugin is off unless it is named (Kubernetes `pkg/kubeapiserver/options/plugins.go`).
fn api_server<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let name = "--enable-admission-plugins";
    let fault = |place| {
        let message =
            format!("`{PLUGIN}` is not among the admission plugins: any Service may take any address");
        Verdict::fail(Fault::new(place, message).graded(Severity::Medium))
    };
    match scope.component.flag("enable-admission-plugins") {
        Setting::Stated(stated) if stated.items().contains(&PLUGIN) => Verdict::Pass,
        Setting::Stated(stated) if stated.is_placeholder() => Verdict::unknown(
            "the list of admission plugins is filled in later",
            "the flags as the server is started",
        ),
        Setting::Stated(stated) => fault(Place::at(stated.at)),
        Setting::Default | Setting::Installed(_) => fault(scope.missing(name)),
        Setting::Unknown => Verdict::unknown(
            "the files do not hold the flags of the API server",
            "the command line of kube-apiserver",
        ),
    }
}
