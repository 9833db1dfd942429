//! `pods/host-namespaces`; prose and cases in `host_namespaces.md`.

use seaworthy_podsecurity::{Check as PodSecurity, Fault};
use seaworthy_probe::Attempt;

use crate::change;
use crate::control::{Check, Control, Guard, Mappings, Phase, Scope, Severity};
use crate::probe::pod_security::{self, Violation};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "pods/host-namespaces",
    title: "Pods do not share host network, PID or IPC namespaces",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::HOST_ACCESS,
    page: include_str!("host_namespaces.md"),
    mappings: Mappings {
        cis: &["5.2.3", "5.2.4", "5.2.5"],
        nsa: &["host-ns"],
        attack: &["MS-TA9018", "T1611"],
        kubescape: &[
            "C-0038", "C-0041", "C-0194", "C-0195", "C-0196", "C-0214", "C-0215", "C-0216", "C-0275",
            "C-0276",
        ],
        trivy: &["KSV-0008", "KSV-0009", "KSV-0010"],
        checkov: &["CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19"],
        kube_linter: &["host-pid", "host-ipc", "host-network"],
        polaris: &["hostPIDSet", "hostIPCSet", "hostNetworkSet"],
        ..Mappings::NONE
    },
    check: Check::PodSecurity { check: PodSecurity::HostNamespaces, grade: Some(grade) },
    guard: Some(Guard::PodSecurity(PodSecurity::HostNamespaces)),
    probes: &[TRIED],
};

const TRIED: Probe = pod_security::probe(
    "The caller dry-runs in each namespace a pod with one of `hostNetwork`, `hostPID` and `hostIPC`, beside one that meets every demand",
    plan,
);

static VIOLATIONS: [Violation; 3] = [
    Violation::new(
        PodSecurity::HostNamespaces,
        "`hostNetwork`",
        &["hostNetwork=true"],
        "/spec/hostNetwork",
        |pod| {
            pod["spec"]["hostNetwork"] = true.into();
        },
    )
    .named("host-network"),
    Violation::new(PodSecurity::HostNamespaces, "`hostPID`", &["hostPID=true"], "/spec/hostPID", |pod| {
        pod["spec"]["hostPID"] = true.into();
    })
    .named("host-pid"),
    Violation::new(PodSecurity::HostNamespaces, "`hostIPC`", &["hostIPC=true"], "/spec/hostIPC", |pod| {
        pod["spec"]["hostIPC"] = true.into();
    })
    .named("host-ipc"),
];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    pod_security::attempts(ground, &VIOLATIONS)
}

/// Shared memory reaches less than the processes or the network of the node.
fn grade(fault: &Fault<'_>) -> Severity {
    let field = fault.value.key().map_or("", |key| key.text());
    if field == "hostIPC" { Severity::Medium } else { Severity::High }
}
