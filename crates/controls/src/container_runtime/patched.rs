//! `container-runtime/patched`; prose and cases in `patched.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// The day of the tables. The evaluation knows no other day.
const TODAY: &str = "2026-11-21";

/// Ends of support of containerd, by minor version (`RELEASES.md` of the project; 1.7 ends in that month).
const CONTAINERD: &[((u32, u32), &str)] = &[
    ((1, 6), "2025-08-23"),
    ((1, 7), "2026-09-30"),
    ((2, 0), "2025-11-07"),
    ((2, 1), "2026-05-05"),
    ((2, 2), "2026-11-06"),
];

/// Releases that cured holes by which a container gets out or eats the node: the first patch of each minor version
/// (GHSA-pwhc-rpq9-4c8w and GHSA-m6hq-p25p-ffr2, November 2025).
const CURED: &[((u32, u32), u32)] = &[((1, 7), 29), ((2, 0), 7), ((2, 1), 5)];

/// Systems out of support, by how `osImage` begins, with the end of the support that comes without a contract.
const SYSTEMS: &[(&str, &str)] = &[
    ("Amazon Linux 2", "2026-06-30"),
    ("CentOS Linux 7", "2024-06-30"),
    ("CentOS Linux 8", "2021-12-31"),
    ("CentOS Stream 8", "2024-05-31"),
    ("Debian GNU/Linux 10", "2024-06-30"),
    ("Debian GNU/Linux 11", "2026-08-31"),
    ("Ubuntu 18.04", "2023-05-31"),
    ("Ubuntu 20.04", "2025-05-31"),
];

pub(super) static CONTROL: Control = Control {
    id: "container-runtime/patched",
    title: "Container runtime, OCI runtime, kernel and node OS are patched",
    phase: Phase::QuickWin,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Cluster, Scope::Node],
    change: &change::NODE_UPDATES,
    page: include_str!("patched.md"),
    mappings: Mappings {
        nsa: &["upgrade"],
        attack: &["T1611", "T1068"],
        kubescape: &["C-0087", "C-0079"],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: &[("", "Node")], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(info) = scope.object.value.at(&["status", "nodeInfo"]) else {
        return match scope.around.is_live() {
            true => Verdict::unknown("the node has not told its versions", NEEDS),
            false => Verdict::NotApplicable,
        };
    };
    let mut faults = Vec::new();
    faults.extend(info.get("containerRuntimeVersion").and_then(runtime));
    faults.extend(info.get("osImage").and_then(system));
    match faults.is_empty() {
        false => Verdict::Fail(faults),
        // The status names neither runc nor what a distribution has cured in its kernel.
        true => Verdict::unknown(
            "runtime and system of the node are supported; which release of runc and which fixes of the kernel it has does not stand in its status",
            NEEDS,
        ),
    }
}

const NEEDS: &str = "the packages of the node, compared with the advisories of its distribution";

fn runtime(value: Value<'_>) -> Option<Fault<'_>> {
    let text = value.text();
    if text.starts_with("docker://") {
        let message = format!("`{text}`: no supported Kubernetes runs containers by Docker");
        return Some(Fault::new(Place::at(value), message));
    }
    let (minor, patch) = version(text.strip_prefix("containerd://")?)?;
    let name = format!("containerd {}.{}", minor.0, minor.1);
    let place = Place::at(value);
    if let Some((_, end)) = CONTAINERD.iter().find(|(known, end)| *known == minor && *end <= TODAY) {
        return Some(Fault::new(place, format!("{name} has received no fixes since {end}")));
    }
    if minor < CONTAINERD.first()?.0 {
        return Some(
            Fault::new(place, format!("{name} has been out of support for years")).graded(Severity::Critical),
        );
    }
    let (_, cured) = CURED.iter().find(|(known, cured)| *known == minor && patch < *cured)?;
    Some(Fault::new(place, format!("{name}.{patch} has holes that {name}.{cured} cures")))
}

/// `1.7.29-1ubuntu1` as minor version and patch.
fn version(text: &str) -> Option<((u32, u32), u32)> {
    let mut parts = text.trim_start_matches('v').splitn(3, '.');
    let (major, minor) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let patch = parts.next().unwrap_or("0");
    let digits = patch.find(|c: char| !c.is_ascii_digit()).unwrap_or(patch.len());
    Some(((major, minor), patch[..digits].parse().ok()?))
}

fn system(value: Value<'_>) -> Option<Fault<'_>> {
    let image = value.text();
    let follows = |rest: &str| rest.is_empty() || rest.starts_with([' ', '.']);
    let ended = |(name, end): &&(&str, &str)| image.strip_prefix(name).is_some_and(follows) && *end <= TODAY;
    let (_, end) = SYSTEMS.iter().find(ended)?;
    Some(Fault::new(
        Place::at(value),
        format!("`{image}` has received no fixes since {end}, but by contract"),
    ))
}
