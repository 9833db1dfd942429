//! `storage/claim-access`; prose and cases in `claim_access.md`.

use std::collections::BTreeMap;

use seaworthy_evidence::{Found, Object, Place};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::Surroundings;
use crate::storage::claims;
use crate::verdict::{Fault, Judged, Verdict};

/// How many workloads are named in a message.
const SHOWN: usize = 3;

pub(super) static CONTROL: Control = Control {
    id: "storage/claim-access",
    title: "Only the right users and pods reach each volume",
    phase: Phase::NextStep,
    step: 12,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::STORAGE,
    page: include_str!("claim_access.md"),
    mappings: Mappings {
        nsa: &["rbac"],
        attack: &["MS-TA9041", "T1530"],
        kubescape: &["C-0257"],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Evidence(check), Check::Reads(closed_world::CLAIMS)]),
    guard: None,
    probes: &[],
};

/// The workloads that mount a claim: those that can write to it, and how many there are.
#[derive(Default)]
struct Users<'e, 'a> {
    writers: Vec<&'e Object<'a>>,
    count: usize,
}

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    // By the place of the claim, since files of several clusters may hold claims of one name.
    let mut users: BTreeMap<(u32, u32), Users<'e, 'a>> = BTreeMap::new();
    for workload in evidence.workloads() {
        let owner = evidence.owner(workload);
        for claim in claims::mounted(&workload.pod) {
            if let Found::One(object) = evidence.named("PersistentVolumeClaim", claim.name, owner) {
                let users = users.entry((object.file, object.value.id())).or_default();
                users.count += 1;
                if claim.writable {
                    users.writers.push(owner);
                }
            }
        }
    }
    let claims =
        evidence.of_kind("PersistentVolumeClaim").filter(|claim| claim.is("", "PersistentVolumeClaim"));
    claims
        .map(|claim| {
            let verdict = match users.get(&(claim.file, claim.value.id())) {
                Some(users) => judge(claim, users),
                None if around.has_all("", "Pod", claim.namespace) => Verdict::NotApplicable,
                None => Verdict::unknown(
                    "no workload among the files mounts this claim",
                    "the workloads of its namespace",
                ),
            };
            Judged { object: claim, verdict }
        })
        .collect()
}

fn judge<'a>(claim: &Object<'a>, users: &Users<'_, 'a>) -> Verdict<'a> {
    // One workload may mount a claim by several volumes.
    let mut writers: Vec<String> = users.writers.iter().map(ToString::to_string).collect();
    writers.sort_unstable();
    writers.dedup();
    if writers.len() < 2 {
        return Verdict::Pass;
    }
    let modes = claim.value.at(&["spec", "accessModes"]);
    let many =
        modes.is_some_and(|modes| modes.items().any(|mode| matches!(mode.text(), "ReadWriteMany" | "RWX")));
    let shown: Vec<String> = writers.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if writers.len() > SHOWN { ", …" } else { "" };
    let message = format!(
        "{} workloads write to this claim ({}{more}): each can change what the others read",
        writers.len(),
        shown.join(", ")
    );
    let place = modes.map_or(Place::missing(claim.value, "spec.accessModes"), Place::at);
    let fault = Fault::new(place, message);
    Verdict::fail(if many { fault } else { fault.graded(Severity::Low) })
}
