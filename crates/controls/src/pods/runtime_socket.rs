//! `pods/runtime-socket`; prose and cases in `runtime_socket.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

use super::host_paths::{HostVolume, host_volumes};
use super::host_trees::runtime_socket;

pub(super) static CONTROL: Control = Control {
    id: "pods/runtime-socket",
    title: "No pod mounts a container runtime socket",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::HOST_ACCESS,
    page: include_str!("runtime_socket.md"),
    mappings: Mappings {
        cis: &["5.2.11"],
        nsa: &["hostpath"],
        attack: &["MS-TA9013", "T1610", "T1611"],
        kubescape: &["C-0074"],
        trivy: &["KSV-0006"],
        checkov: &["CKV_K8S_27"],
        kube_linter: &["docker-sock"],
        polaris: &["hostPathSet"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::of(host_volumes(scope.pod()).iter().filter_map(judge).collect())
}

fn judge<'a>(volume: &HostVolume<'a>) -> Option<Fault<'a>> {
    let socket = match volume.mounts.as_slice() {
        [] => runtime_socket(&volume.path),
        mounts => mounts.iter().find_map(|mount| runtime_socket(&mount.path)),
    }?;
    let path = volume.value.text();
    let message = match volume.path == socket {
        true => format!("`{path}` is the socket of a container runtime"),
        false => format!("`{path}` leads to `{socket}`, the socket of a container runtime"),
    };
    Some(Fault::new(Place::at(volume.value), message))
}
