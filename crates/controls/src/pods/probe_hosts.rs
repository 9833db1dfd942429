//! `pods/probe-hosts`; prose and cases in `probe_hosts.md`.

use seaworthy_podsecurity::{Check as PodSecurity, Fault};

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};

use super::special_hosts::{is_loopback, is_metadata};

pub(super) static CONTROL: Control = Control {
    id: "pods/probe-hosts",
    title: "Probes and lifecycle hooks name no other host",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::POD_FIELDS,
    page: include_str!("probe_hosts.md"),
    mappings: Mappings { nsa: &["hardening"], attack: &["T1090"], ..Mappings::NONE },
    check: Check::PodSecurity { check: PodSecurity::HostProbesAndHostLifecycle, grade: Some(grade) },
    guard: Some(Guard::PodSecurity(PodSecurity::HostProbesAndHostLifecycle)),
    probes: &[],
};

/// From the node the kubelet reaches services that listen there only, and the cloud's credentials.
fn grade(fault: &Fault<'_>) -> Severity {
    let host = fault.value.text();
    if is_metadata(host) || is_loopback(host) { Severity::Medium } else { Severity::Low }
}
