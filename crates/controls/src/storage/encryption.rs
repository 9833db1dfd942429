//! `storage/encryption`; prose and cases in `encryption.md`.

use seaworthy_evidence::{Object, Place};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::secrets::credentials::is_placeholder;
use crate::storage::drivers::{self, Absent, Encryption};
use crate::verdict::{Fault, Verdict};

const NEEDS: &str = "the encryption of the storage behind it, from its provider or administrator";

pub(super) static CONTROL: Control = Control {
    id: "storage/encryption",
    title: "Volumes are encrypted by their storage class",
    phase: Phase::NextStep,
    step: 12,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::STORAGE,
    page: include_str!("encryption.md"),
    mappings: Mappings {
        nsa: &["encryption"],
        attack: &["T1530", "T1005"],
        kubescape: &["C-0264"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object { kinds: &[("storage.k8s.io", "StorageClass")], check: judge_class },
        Check::Object { kinds: &[("", "PersistentVolume")], check: judge_volume },
    ]),
    guard: None,
    probes: &[],
};

fn judge_class<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let class = scope.object;
    let Some(provisioner) = class.value.get("provisioner") else {
        return Verdict::unknown("the class names no `provisioner`", NEEDS);
    };
    if is_placeholder(provisioner.text()) {
        return Verdict::unknown("`provisioner` is filled in later", "the rendered StorageClass");
    }
    match drivers::encryption(provisioner.text()) {
        None => Verdict::unknown("nothing is known about encryption by this provisioner", NEEDS),
        Some(Encryption::Always) => Verdict::Pass,
        Some(Encryption::Elsewhere(reason)) => Verdict::unknown(reason, NEEDS),
        Some(Encryption::Parameter { name, absent }) => judge_parameter(class, name, absent),
    }
}

fn judge_parameter<'a>(class: &Object<'a>, name: &'static str, absent: Absent) -> Verdict<'a> {
    let parameters = class.value.get("parameters");
    // The EBS driver does not care for the case of parameters; no other has one that differs in nothing else.
    let stated = parameters.into_iter().flat_map(|parameters| parameters.entries());
    let stated =
        stated.filter(|(key, value)| key.text().eq_ignore_ascii_case(name) && !value.is_null()).last();
    let subject = match is_default(class) {
        true => "volumes of this class, the default one,",
        false => "volumes of this class",
    };
    if let Some((_, value)) = stated {
        return match value.text() {
            text if text.eq_ignore_ascii_case("true") => Verdict::Pass,
            text if is_placeholder(text) => {
                Verdict::unknown("the parameter that decides is filled in later", "the rendered StorageClass")
            }
            text => Verdict::fail(Fault::new(
                Place::at(value),
                format!("`{name}: \"{text}\"`: {subject} are not encrypted"),
            )),
        };
    }
    let place = Place::missing(parameters.unwrap_or(class.value), name);
    match absent {
        Absent::Plain => Verdict::fail(Fault::new(
            place,
            format!("`{name}` is not set: {subject} are not encrypted"),
        )),
        Absent::PlainUnlessAccount => Verdict::fail(
            Fault::new(
                place,
                format!(
                    "`{name}` is not set: {subject} are encrypted only where the cloud account does so by default"
                ),
            )
            .graded(Severity::Medium),
        ),
        Absent::Below => Verdict::unknown(
            "the class does not ask for encryption, but the disks below it may be encrypted",
            NEEDS,
        ),
    }
}

fn is_default(class: &Object<'_>) -> bool {
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
        .iter()
        .any(|annotation| class.annotation(annotation) == Some("true"))
}

/// A volume of EFS says itself whether its traffic is encrypted.
fn judge_volume<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(csi) = scope.object.value.at(&["spec", "csi"]) else { return Verdict::NotApplicable };
    if csi.get("driver").is_none_or(|driver| driver.text() != "efs.csi.aws.com") {
        return Verdict::NotApplicable;
    }
    match csi.at(&["volumeAttributes", "encryptInTransit"]) {
        Some(value) if value.text() == "false" => Verdict::fail(
            Fault::new(
                Place::at(value),
                "`encryptInTransit: \"false\"`: files cross the network between node and EFS in the clear",
            )
            .graded(Severity::Medium),
        ),
        _ => Verdict::unknown("the file system behind this volume exists already, encrypted or not", NEEDS),
    }
}
