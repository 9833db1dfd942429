//! `pods/sensitive-host-path`; prose and cases in `sensitive_host_path.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

use super::host_paths::{HostVolume, Mount, contains, host_volumes};
use super::host_trees::judge;

pub(super) static CONTROL: Control = Control {
    id: "pods/sensitive-host-path",
    title: "No pod reaches sensitive or writable host directories",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit, Scope::Runtime],
    change: &change::HOST_ACCESS,
    page: include_str!("sensitive_host_path.md"),
    mappings: Mappings {
        cis: &["5.2.11"],
        nsa: &["hostpath"],
        attack: &["MS-TA9013", "T1611", "T1552"],
        kubescape: &["C-0045", "C-0058"],
        trivy: &["KSV-0023"],
        kube_linter: &["sensitive-host-mounts", "writable-host-mount"],
        polaris: &["hostPathSet"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let volumes = host_volumes(scope.pod());
    Verdict::of(
        volumes
            .iter()
            .flat_map(|volume| match sensitive(volume) {
                Some(fault) => vec![fault],
                None => volume.mounts.iter().filter(|mount| !mount.read_only).map(writable).collect(),
            })
            .collect(),
    )
}

/// The worst that the mounts of a volume give; the volume by its path alone when nothing mounts it.
fn sensitive<'a>(volume: &HostVolume<'a>) -> Option<Fault<'a>> {
    let of_mounts = volume.mounts.iter().filter_map(|mount| {
        let how = if mount.read_only { "mounted read-only" } else { "mounted writable" };
        describe(volume, &mount.path, mount.read_only, how)
    });
    let unmounted =
        volume.mounts.is_empty().then(|| describe(volume, &volume.path, true, "a volume")).flatten();
    let (severity, message) = of_mounts.chain(unmounted).rev().max_by_key(|(severity, _)| *severity)?;
    Some(Fault::new(Place::at(volume.value), message).graded(severity))
}

fn describe(volume: &HostVolume<'_>, path: &str, read_only: bool, how: &str) -> Option<(Severity, String)> {
    let (severity, tree) = judge(path, read_only)?;
    let written = if path == volume.path { volume.value.text() } else { path };
    let message = match path {
        "/" => format!("the whole file system of the node is {how}"),
        path if path == tree.path => format!("`{written}` of the node is {how}: {}", tree.holds),
        path if contains(path, tree.path) => {
            format!("`{written}` of the node is {how} and contains `{}`: {}", tree.path, tree.holds)
        }
        _ => format!("`{written}` of the node is {how} and lies in `{}`: {}", tree.path, tree.holds),
    };
    Some((severity, message))
}

fn writable<'a>(mount: &Mount<'a>) -> Fault<'a> {
    let place = match mount.value.get("readOnly") {
        Some(value) => Place::at(value),
        None => Place::missing(mount.value, "readOnly"),
    };
    let message = format!("`{}` of the node is mounted writable", mount.path);
    Fault::new(place, message).in_container(mount.container).graded(Severity::Medium)
}
