//! `storage/host-volumes`; prose and cases in `host_volumes.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::pods::{host_paths, host_trees};
use crate::scope::ObjectScope;
use crate::secrets::credentials::is_placeholder;
use crate::storage::drivers;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "storage/host-volumes",
    title: "Persistent volumes do not expose host directories",
    phase: Phase::NextStep,
    step: 12,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::STORAGE,
    page: include_str!("host_volumes.md"),
    mappings: Mappings {
        cis: &["5.1.9"],
        nsa: &["hostpath"],
        attack: &["MS-TA9013", "T1611"],
        kubescape: &["C-0203", "C-0278"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object { kinds: &[("", "PersistentVolume")], check: judge_volume },
        Check::Object { kinds: &[("storage.k8s.io", "StorageClass")], check: judge_class },
    ]),
    guard: None,
    probes: &[],
};

fn judge_volume<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let volume = scope.object.value;
    let of = |source| volume.at(&["spec", source, "path"]);
    let (path, local) = match (of("hostPath"), of("local")) {
        (Some(path), _) => (path, false),
        (None, Some(path)) => (path, true),
        (None, None) => return Verdict::NotApplicable,
    };
    let text = path.text();
    if is_placeholder(text) {
        return match local {
            true => {
                Verdict::unknown("the path on the node is filled in later", "the rendered PersistentVolume")
            }
            false => Verdict::fail(
                Fault::new(Place::at(path), "a folder of the node, `hostPath`, is a persistent volume")
                    .graded(Severity::Medium),
            ),
        };
    }
    let mut faults = Vec::new();
    // A claim may be writable whatever the volume's access modes say, so what counts is what writing can do.
    match host_trees::judge(&host_paths::cleaned(text), false) {
        Some((severity, tree)) => faults.push(
            Fault::new(
                Place::at(path),
                format!("`{text}` of the node is a persistent volume: {}", tree.holds),
            )
            .graded(severity),
        ),
        None if !local => faults.push(
            Fault::new(
                Place::at(path),
                format!("`hostPath: {text}`: whoever binds a claim to it writes to the disk of the node, without a limit"),
            )
            .graded(Severity::Medium),
        ),
        None => {}
    }
    let policy = volume.at(&["spec", "persistentVolumeReclaimPolicy"]);
    if let Some(policy) = policy.filter(|policy| policy.text() == "Recycle") {
        let message = "`persistentVolumeReclaimPolicy: Recycle`: deprecated; deleted files stay readable on the disk for the next claim";
        faults.push(Fault::new(Place::at(policy), message).graded(Severity::Low));
    }
    Verdict::of(faults)
}

fn judge_class<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(provisioner) = scope.object.value.get("provisioner") else { return Verdict::NotApplicable };
    if !drivers::keeps_on_host(provisioner.text()) {
        return Verdict::NotApplicable;
    }
    Verdict::fail(
        Fault::new(
            Place::at(provisioner),
            format!(
                "`provisioner: {}`: volumes are folders on the disk of a node, without a limit of size",
                provisioner.text()
            ),
        )
        .graded(Severity::Low),
    )
}
