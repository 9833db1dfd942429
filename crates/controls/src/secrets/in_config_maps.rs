//! `secrets/in-config-maps`; prose and cases in `in_config_maps.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::secrets::{base64, credentials};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "secrets/in-config-maps",
    title: "Credentials are kept in Secrets, not ConfigMaps",
    phase: Phase::QuickWin,
    step: 6,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::CREDENTIALS,
    page: include_str!("in_config_maps.md"),
    mappings: Mappings {
        nsa: &["secrets"],
        attack: &["MS-TA9027", "T1552"],
        kubescape: &["C-0012", "C-0259"],
        trivy: &["KSV-0109", "KSV-01010"],
        polaris: &["sensitiveConfigmapContent"],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: &[("", "ConfigMap")], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let entries = |field: &str| scope.object.value.get(field).map(|map| map.entries()).into_iter().flatten();
    let texts = entries("data")
        .filter_map(|(key, value)| Some((value, credentials::describe(key.text(), value.text())?)));
    let binaries = entries("binaryData").filter_map(|(key, value)| {
        let bytes = base64::decode(value.text())?;
        Some((
            value,
            credentials::describe(key.text(), std::str::from_utf8(&bytes).ok()?)?.into_owned().into(),
        ))
    });
    Verdict::of(
        texts
            .chain(binaries)
            .map(|(value, message): (Value<'a>, _)| Fault::new(Place::at(value), message))
            .collect(),
    )
}
