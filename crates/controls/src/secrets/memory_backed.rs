//! `secrets/memory-backed`; prose and cases in `memory_backed.md`.

use rustc_hash::FxHashSet;
use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

/// Words that tell of secret material in the name of a volume or the path where it is mounted.
const SECRET_WORDS: &[&str] = &[
    "secret",
    "secrets",
    "credential",
    "credentials",
    "creds",
    "token",
    "tokens",
    "password",
    "passwords",
    "vault",
    "keys",
    "private",
    "keystore",
    "keytab",
];

pub(super) static CONTROL: Control = Control {
    id: "secrets/memory-backed",
    title: "Secret material written by pods lies in memory",
    phase: Phase::QuickWin,
    step: 6,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECRET_DELIVERY,
    page: include_str!("memory_backed.md"),
    mappings: Mappings { nsa: &["secrets"], attack: &["T1552.001"], ..Mappings::NONE },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let pod = scope.pod();
    let mounts = pod
        .containers()
        .filter_map(|container| container.value().get("volumeMounts"))
        .flat_map(|mounts| mounts.items());
    let mounted_as_secret: FxHashSet<&str> = mounts
        .filter(|mount| mount.get("mountPath").is_some_and(|path| is_secret(path.text())))
        .filter_map(|mount| mount.get("name")?.as_str())
        .collect();
    let mut faults = Vec::new();
    let mut any = false;
    for volume in pod.volumes() {
        let Some(name) = volume.get("name").and_then(|name| name.as_str()) else { continue };
        // A volume without a source is an emptyDir.
        let empty_dir = match volume.get("emptyDir") {
            Some(empty_dir) => Some(empty_dir),
            None if volume.entries().all(|(key, value)| key.text() == "name" || value.is_null()) => None,
            None => continue,
        };
        let is_socket = name.ends_with("socket");
        if !is_socket && (is_secret(name) || mounted_as_secret.contains(name)) {
            any = true;
            faults.extend(judge(volume, empty_dir));
        }
    }
    if any { Verdict::of(faults) } else { Verdict::NotApplicable }
}

/// Whether a name or path tells of secret material. Sockets to those who hand it out hold none.
fn is_secret(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    words().any(|word| SECRET_WORDS.contains(&word.as_str()))
        && !words().any(|word| matches!(word.as_str(), "socket" | "sockets" | "sock" | "uds"))
}

fn judge<'a>(volume: Value<'a>, empty_dir: Option<Value<'a>>) -> Option<Fault<'a>> {
    let medium = empty_dir.and_then(|empty_dir| empty_dir.get("medium"));
    match (empty_dir, medium) {
        (_, Some(medium)) if medium.text() != "Memory" && !medium.text().starts_with("HugePages") => {
            Some(Fault::new(
                Place::at(medium),
                "by its name it holds secrets, and it lies on the disk of the node",
            ))
        }
        (Some(empty_dir), Some(_)) if empty_dir.get("sizeLimit").is_none() => Some(Fault::new(
            Place::missing(empty_dir, "sizeLimit"),
            "files in memory have no limit of their own",
        )),
        (_, Some(_)) => None,
        (empty_dir, None) => {
            let place = empty_dir
                .map_or(Place::missing(volume, "emptyDir.medium"), |dir| Place::missing(dir, "medium"));
            Some(Fault::new(place, "by its name it holds secrets, and it lies on the disk of the node"))
        }
    }
}
