//! `secrets/file-mode`; prose and cases in `file_mode.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

/// The mode of files whose volume names none.
const DEFAULT: i64 = 0o644;

pub(super) static CONTROL: Control = Control {
    id: "secrets/file-mode",
    title: "Mounted secrets are readable by the application user only",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECRET_DELIVERY,
    page: include_str!("file_mode.md"),
    mappings: Mappings { cis: &["5.4.1"], nsa: &["secrets"], attack: &["T1552.001"], ..Mappings::NONE },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let mut faults = Vec::new();
    let mut any = false;
    for volume in scope.pod().volumes() {
        if let Some(secret) = volume.get("secret") {
            any = true;
            judge(secret, &[secret], &mut faults);
        }
        if let Some(projected) = volume.get("projected") {
            let sources: Vec<_> = projected
                .get("sources")
                .iter()
                .flat_map(Value::items)
                .filter_map(|source| source.get("secret"))
                .collect();
            any |= !sources.is_empty();
            judge(projected, &sources, &mut faults);
        }
    }
    if any { Verdict::of(faults) } else { Verdict::NotApplicable }
}

/// Judges the files of the sources of a volume, whose `defaultMode` holds where an item has no mode of its own.
fn judge<'a>(volume: Value<'a>, sources: &[Value<'a>], faults: &mut Vec<Fault<'a>>) {
    let mut uses_default = false;
    for source in sources {
        let items: Vec<_> = source.get("items").iter().flat_map(Value::items).collect();
        uses_default |= items.is_empty();
        for item in items {
            match item.get("mode") {
                Some(mode) if mode.as_i64().is_some_and(is_open) => {
                    faults.push(fault(Place::at(mode), mode.as_i64()));
                }
                Some(_) => {}
                None => uses_default = true,
            }
        }
    }
    let mode = volume.get("defaultMode");
    if uses_default {
        match mode {
            None => faults.push(fault(Place::missing(volume, "defaultMode"), None)),
            Some(mode) if mode.as_i64().is_some_and(is_open) => {
                faults.push(fault(Place::at(mode), mode.as_i64()));
            }
            Some(_) => {}
        }
    }
}

/// Whether users that are neither owner nor in the group may do anything with a file.
fn is_open(mode: i64) -> bool {
    mode & 0o007 != 0
}

fn fault<'a>(place: Place<'a>, mode: Option<i64>) -> Fault<'a> {
    match mode {
        Some(mode) => {
            Fault::new(place, format!("mode {mode:04o} lets every user of the container read the secret"))
        }
        None => Fault::new(
            place,
            format!("no mode is set: {DEFAULT:04o} lets every user of the container read the secret"),
        ),
    }
}
