//! `kubelet/static-pods`; prose and cases in `static_pods.md`.

use seaworthy_evidence::{Place, Program};

use crate::addresses;
use crate::change;
use crate::component_flags::Findings;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::{Effective, Field};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/static-pods",
    title: "Static pods come only from the control-plane manifest directory",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("static_pods.md"),
    mappings: Mappings { nsa: &["node"], attack: &["MS-TA9017", "T1543"], ..Mappings::NONE },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[],
};

const URL: Field =
    Field { flag: "manifest-url", option: "--manifest-url", path: &["staticPodURL"], name: "staticPodURL" };
const FOLDER: Field = Field {
    flag: "pod-manifest-path",
    option: "--pod-manifest-path",
    path: &["staticPodPath"],
    name: "staticPodPath",
};

/// Folders in which others than root may write.
const SHARED: &[&str] = &["/tmp", "/var/tmp", "/dev/shm", "/home", "/mnt", "/media", "/srv"];

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut findings = Findings::default();
    match URL.of(scope) {
        Effective::Stated(stated) if !stated.text().is_empty() => {
            let plain = addresses::is_plain_http(stated.text());
            let how = if plain { ", without TLS" } else { "" };
            let message = format!(
                "`{}` is set: whoever answers there{how} runs pods on the node as root, past the API server",
                URL.shown(scope)
            );
            findings.fault(Fault::new(Place::at(stated.at), message));
        }
        Effective::Undecided(verdict) => findings.undecided(verdict),
        _ => {}
    }
    match FOLDER.of(scope) {
        Effective::Stated(stated) if is_shared(stated.text()) => {
            let message = format!(
                "{}: others than root may write there, and what they write runs",
                FOLDER.written(&stated)
            );
            findings.fault(Fault::new(Place::at(stated.at), message));
        }
        Effective::Undecided(verdict) => findings.undecided(verdict),
        _ => {}
    }
    findings.verdict()
}

fn is_shared(path: &str) -> bool {
    SHARED
        .iter()
        .any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
