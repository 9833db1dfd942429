//! Proofs on real servers: both profiles of the lab, and mutants of the hardened one, in which one thing is broken. What is
//! expected follows from the profiles and from what Kubernetes documents, not from what the program says.

mod admission;
mod api_server;
mod backends;
mod backups;
mod cleaning;
mod completeness;
mod etcd;
mod events;
mod exposure;
mod in_pod;
mod jobs;
mod kubeconfigs;
mod nodes;
mod rbac;
mod unseen;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::sync::OnceLock;

use ::lab::{Lab, Profile};
use serde_json::Value;

use crate::program::{root, stderr};

/// What is expected of a control's probe: `control` or `control#probe`, subject (`*` stands for each), verdict.
type Row = (&'static str, &'static str, &'static str);

const PROVED: &str = "proved";
const REFUTED: &str = "refuted";
const INCONCLUSIVE: &str = "inconclusive";

/// One thing that is broken in a lab that is otherwise hardened, and every verdict that turns with it: no other may.
struct Mutant {
    name: &'static str,
    profile: fn(Profile) -> Profile,
    /// Objects that are applied once the lab runs.
    objects: &'static str,
    turns: &'static [Row],
}

/// Verdicts by control, probe and subject.
type Verdicts = BTreeMap<(String, String), String>;

/// The hardened lab that mutants are made of.
fn hardened() -> Profile {
    Profile::hardened().with_controllers().with_application()
}

/// Tries everything on a lab.
fn prove(lab: &Lab, arguments: &[&str]) -> Value {
    prove_as(lab, &lab.kubeconfig("admin"), arguments)
}

/// Tries everything on a lab as somebody.
fn prove_as(lab: &Lab, kubeconfig: &Path, arguments: &[&str]) -> Value {
    let output: Output = lab
        .command(env!("CARGO_BIN_EXE_seaworthy"))
        .args([
            "prove",
            "--no-config",
            "--no-progress",
            "--probe-timeout",
            "20",
            "--format",
            "json",
            "--kubeconfig",
        ])
        .arg(kubeconfig)
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("the program runs");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("a report")
}

/// What a report says, by control, probe and subject.
fn verdicts(report: &Value) -> Verdicts {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let proofs = report["proofs"].as_array().expect("proofs");
    let mut verdicts = Verdicts::new();
    for proof in proofs {
        let subject = &proof["subject"];
        let subject = match subject["namespace"].as_str() {
            Some(namespace) => format!("{namespace}/{}", text(&subject["name"])),
            None => text(&subject["name"]),
        };
        let control = format!("{}#{}", text(&proof["control"]), text(&proof["probe"]));
        let before = verdicts.insert((control, subject), text(&proof["verdict"]));
        assert!(before.is_none(), "two proofs of one subject: {proof:#}");
    }
    verdicts
}

/// Whether a row speaks of a proof.
fn matches(row: &Row, proof: &(String, String)) -> bool {
    let control = row.0 == proof.0 || proof.0.split_once('#').is_some_and(|(control, _)| control == row.0);
    control && (row.1 == "*" || row.1 == proof.1)
}

/// Every row must be answered, by its verdict.
fn expect(report: &Value, rows: &[Row]) {
    let verdicts = verdicts(report);
    let mut wrong = Vec::new();
    for row in rows {
        let mut found = verdicts.iter().filter(|(proof, _)| matches(row, proof)).peekable();
        if found.peek().is_none() {
            wrong.push(format!("{} of {}: no proof", row.0, row.1));
        }
        for ((control, subject), verdict) in found.filter(|(_, verdict)| *verdict != row.2) {
            wrong.push(format!(
                "{control} of {subject}: {verdict}, not {}\n{}",
                row.2,
                told(report, control, subject)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a report says of a proof.
fn told(report: &Value, control: &str, subject: &str) -> String {
    let proofs = report["proofs"].as_array().into_iter().flatten();
    let of = |proof: &&Value| {
        format!(
            "{}#{}",
            proof["control"].as_str().unwrap_or_default(),
            proof["probe"].as_str().unwrap_or_default()
        ) == control
            && proof["subject"]["name"].as_str().is_some_and(|name| subject.ends_with(name))
    };
    proofs
        .filter(of)
        .map(|proof| format!("  {} ({} -> {})", proof["reason"], proof["request"], proof["reply"]))
        .collect()
}

/// The verdicts of the hardened lab itself, asked once; `None` where labs cannot be started.
fn baseline() -> Option<&'static Verdicts> {
    static BASELINE: OnceLock<Option<Verdicts>> = OnceLock::new();
    let known = BASELINE.get_or_init(|| match Lab::start(hardened()) {
        Ok(lab) => Some(verdicts(&prove(&lab, &[]))),
        Err(skip) => {
            skip.announce();
            None
        }
    });
    known.as_ref()
}

/// Breaks one thing after the other: what turns is what the mutant says, and nothing else. Those that only add objects share
/// a lab, which must be what it was when they are gone.
fn check_mutants(mutants: &[Mutant]) {
    let Some(baseline) = baseline() else { return };
    let mut wrong = Vec::new();
    let mut shared = None;
    for mutant in mutants {
        let profile = (mutant.profile)(hardened());
        if format!("{profile:?}") == format!("{:?}", hardened()) {
            let lab = match shared.take() {
                Some(lab) => lab,
                None => match Lab::start(hardened()) {
                    Ok(lab) => lab,
                    Err(skip) => return skip.announce(),
                },
            };
            // What changes an object of the lab cannot be taken back by removing it.
            let only_adds = !lab.has_any(mutant.objects).expect("an answer");
            let is_right = only_adds && {
                let right = judge(&lab, mutant, baseline).is_empty();
                lab.remove(mutant.objects).expect("they go");
                right
            };
            shared = Some(lab);
            if is_right {
                continue;
            }
        }
        // What was wrong on a shared lab may be the fault of another mutant: here nobody was before.
        match Lab::start(profile) {
            Ok(lab) => wrong.extend(judge(&lab, mutant, baseline)),
            Err(skip) => return skip.announce(),
        }
    }
    if let Some(lab) = &shared {
        let after = verdicts(&prove(lab, &[]));
        let differs = baseline.iter().filter(|(proof, verdict)| after.get(*proof) != Some(*verdict));
        wrong.extend(differs.map(|(proof, verdict)| {
            format!("{} of {} does not come back to {verdict}: {:?}", proof.0, proof.1, after.get(proof))
        }));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What turns on a lab otherwise than a mutant says, told.
fn judge(lab: &Lab, mutant: &Mutant, baseline: &Verdicts) -> Vec<String> {
    let mut wrong = Vec::new();
    if !mutant.objects.is_empty() {
        lab.apply(mutant.objects).expect("objects");
    }
    let report = prove(lab, &[]);
    let found = verdicts(&report);
    for (proof, verdict) in &found {
        let expected = mutant.turns.iter().find(|row| matches(row, proof)).map(|row| row.2);
        // A subject that the mutant adds has no verdict before: only refuting it must be foreseen.
        let expected = expected.or_else(|| baseline.get(proof).map(String::as_str));
        let right = expected.map_or(verdict != REFUTED, |expected| verdict == expected);
        if !right {
            let told = told(&report, &proof.0, &proof.1);
            let expected = expected.unwrap_or("foreseen");
            wrong.push(format!(
                "{}: {} of {}: {verdict}, not {expected}\n{told}",
                mutant.name, proof.0, proof.1
            ));
        }
    }
    for row in mutant.turns.iter().filter(|row| !found.keys().any(|proof| matches(row, proof))) {
        wrong.push(format!("{}: {} of {}: no proof", mutant.name, row.0, row.1));
    }
    wrong
}
