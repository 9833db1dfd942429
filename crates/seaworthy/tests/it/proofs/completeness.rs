//! That the tables of this folder hold every probe, both when it proves and when it refutes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use seaworthy_controls::catalogue;
use seaworthy_controls::probe::inside;

use super::admission::{BASELINE, RESTRICTED};
use super::{PROVED, REFUTED};
use crate::program::root;

/// What no lab shows of a probe, and why.
const NOT_SHOWN: &[(&str, &str, &str)] = &[];

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
    let own =
        catalogue::all().flat_map(|control| control.probes.iter().map(|probe| (control.id, probe.name)));
    let probes: Vec<(&str, &str)> =
        own.chain(inside::probes().map(|probe| (probe.control, probe.probe.name))).collect();
    let mut wrong = Vec::new();
    for (control, probe) in &probes {
        for verdict in [PROVED, REFUTED] {
            let name = format!("{control}#{probe}");
            let is_shown = found.contains(&((*control).to_owned(), verdict.to_owned()))
                || found.contains(&(name.clone(), verdict.to_owned()));
            let is_excused = NOT_SHOWN.iter().any(|entry| entry.0 == name && entry.1 == verdict);
            if is_shown == is_excused {
                wrong.push(format!("{name} {verdict}: in a row: {is_shown}, said why not: {is_excused}"));
            }
        }
    }
    for (name, ..) in NOT_SHOWN {
        if !probes.iter().any(|(control, probe)| *name == format!("{control}#{probe}")) {
            wrong.push(format!("{name}: there is no such probe"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
