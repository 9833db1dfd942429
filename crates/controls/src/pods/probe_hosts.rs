//! `pods/probe-hosts`; prose and cases in `probe_hosts.md`.

use seaworthy_podsecurity::{Check as PodSecurity, Fault};
use seaworthy_probe::Attempt;
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::admission;
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

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
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with a probe, and one with a lifecycle hook, of another host, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 2] = [
    Violation::new(
        PodSecurity::HostProbesAndHostLifecycle,
        "a probe of another host",
        &["probe or lifecycle host ("],
        "/spec/containers/0/livenessProbe/httpGet/host",
        |pod| {
            admission::container(pod)["livenessProbe"] =
                json!({"httpGet": {"host": "192.0.2.1", "port": 80}});
        },
    )
    .named("probe")
    .sample(),
    Violation::new(
        PodSecurity::HostProbesAndHostLifecycle,
        "a lifecycle hook to another host",
        &["probe or lifecycle host ("],
        "/spec/containers/0/lifecycle/preStop/httpGet/host",
        |pod| {
            admission::container(pod)["lifecycle"] =
                json!({"preStop": {"httpGet": {"host": "192.0.2.1", "port": 80}}});
        },
    )
    .named("hook")
    .sample(),
];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}

/// From the node the kubelet reaches services that listen there only, and the cloud's credentials.
fn grade(fault: &Fault<'_>) -> Severity {
    let host = fault.value.text();
    if is_metadata(host) || is_loopback(host) { Severity::Medium } else { Severity::Low }
}
