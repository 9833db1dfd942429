//! That the tables of this folder hold every probe, both when it proves and when it refutes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use seaworthy_controls::catalogue;
use seaworthy_controls::probe::{Probe, inside};

use super::admission::{BASELINE, RESTRICTED};
use super::{PROVED, REFUTED};
use crate::program::root;

/// What no row shows of a probe that may conclude it, and why, or which test shows it otherwise.
const NOT_SHOWN: &[(&str, &str, &str)] = &[
    (
        "api-server/anonymous-auth#bad-token",
        REFUTED,
        "no API server takes a token that it does not know for nobody",
    ),
    ("api-server/insecure-port#plain", REFUTED, "no API server since 1.24 has such a port"),
    ("api-server/supported-version#version", REFUTED, "the lab has one version, which is supported"),
    (
        "api-server/tls-serving#handshake",
        REFUTED,
        "a lab is not reached without its authority; unit tests of `probe::tls`",
    ),
    (
        "api-server/trusted-cas#foreign",
        REFUTED,
        "nobody can be made to trust an authority that is made up in each run",
    ),
    ("clients/kubeconfig-credentials#files", PROVED, "a lab is asked with certificates that last"),
    (
        "container-runtime/mandatory-access-control#pod",
        PROVED,
        "the kernel of this machine has no such module",
    ),
    ("container-runtime/mandatory-access-control#inside", PROVED, "the same"),
    ("container-runtime/mandatory-access-control#pod", REFUTED, "the same"),
    ("container-runtime/mandatory-access-control#inside", REFUTED, "the same"),
    ("pods/mac-profile#inside", PROVED, "the same"),
    ("pods/mac-profile#inside", REFUTED, "the same"),
    ("pods/user-namespaces#inside", PROVED, "the runtime of the lab makes none on this kernel"),
    ("secrets/memory-backed#inside", REFUTED, "a kubelet mounts Secrets in memory, unless its host has none"),
    (
        "exposure/control-plane-ports#outside",
        PROVED,
        "the kubelet and etcd of a lab listen at its node; unit tests of the control",
    ),
    ("network/metadata-egress#pod", PROVED, "there is no cloud here whose service could be closed"),
    ("network/metadata-egress#inside", PROVED, "the same"),
    ("network/default-deny-egress#inside", REFUTED, "unit tests: labs have no address outside of them"),
    ("admission/optional-plugins#events", PROVED, "`events` names it by a constant"),
    ("admission/optional-plugins#events", REFUTED, "the same"),
    ("etcd/backup-restorable#newest", PROVED, "`backups` names it by a constant"),
    ("etcd/backup-restorable#newest", REFUTED, "the same"),
    ("etcd/backup-restorable#fresh", PROVED, "the same"),
    (
        "etcd/backup-restorable#fresh",
        REFUTED,
        "no etcd of the lab sends a snapshot that is not its own; unit tests of the control",
    ),
    ("etcd/backup-present#folder", PROVED, "`etcd::backups_are_judged_by_their_newest`"),
    ("etcd/backup-present#folder", REFUTED, "the same"),
];

/// Rows as they are written: control, with its probe or without, and verdict. A verdict that a loop fills in is every verdict.
fn rows(folder: &Path, found: &mut BTreeSet<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rows(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a file");
        for (at, _) in text.match_indices("(\"") {
            let row = &text[at + 1..text.len().min(at + 300)];
            let mut parts = row.splitn(3, ',').map(str::trim);
            let (Some(control), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let control = control.trim_matches('"');
            let word =
                rest.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
            let verdicts: &[&str] = match word {
                "PROVED" => &[PROVED],
                "REFUTED" => &[REFUTED],
                "verdict" => &[PROVED, REFUTED],
                _ => continue,
            };
            found.extend(verdicts.iter().map(|verdict| (control.to_owned(), (*verdict).to_owned())));
        }
    }
}

#[test]
fn every_probe_is_seen_to_prove_and_to_refute_or_it_is_said_why_not() {
    let mut found = BTreeSet::new();
    rows(&root().join("crates/seaworthy/tests/it/proofs"), &mut found);
    // Their rows are made of these lists.
    for control in BASELINE.iter().chain(RESTRICTED) {
        found.extend([PROVED, REFUTED].map(|verdict| ((*control).to_owned(), verdict.to_owned())));
    }
    let own = catalogue::all().flat_map(|control| control.probes.iter().map(|probe| (control.id, probe)));
    let probes: Vec<(&str, &Probe)> =
        own.chain(inside::probes().map(|probe| (probe.control, &probe.probe))).collect();
    let mut wrong = Vec::new();
    for (control, probe) in &probes {
        for (verdict, by) in [(PROVED, probe.proved_by), (REFUTED, probe.refuted_by)] {
            let name = format!("{control}#{}", probe.name);
            let is_row_of_probe = found.contains(&(name.clone(), verdict.to_owned()));
            let is_shown = is_row_of_probe || found.contains(&((*control).to_owned(), verdict.to_owned()));
            let is_excused = NOT_SHOWN.iter().any(|entry| entry.0 == name && entry.1 == verdict);
            // What concludes nothing of the kind, as its text says, has no row of its own.
            let never = by == "nothing" || by.starts_with("nothing: ");
            let is_right = if never { !is_row_of_probe && !is_excused } else { is_shown != is_excused };
            if !is_right {
                let possible = !never;
                wrong.push(format!(
                    "{name} {verdict}: in a row: {is_shown}, said why not: {is_excused}, possible: {possible}"
                ));
            }
        }
    }
    for (name, ..) in NOT_SHOWN {
        if !probes.iter().any(|(control, probe)| *name == format!("{control}#{}", probe.name)) {
            wrong.push(format!("{name}: there is no such probe"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
