//! `etcd/backup-present`; prose and cases in `backup_present.md`.

use seaworthy_evidence::{Component, Object, Place, Program, Setup, configuration};
use seaworthy_podsecurity::Pod;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::pods::programs;
use crate::scope::{ObjectScope, Surroundings};
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "etcd/backup-present",
    title: "Recent etcd snapshots exist off host, encrypted and private",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::BACKUPS,
    page: include_str!("backup_present.md"),
    mappings: Mappings {
        nsa: &["etcd"],
        attack: &["MS-TA9038", "T1485", "T1490", "T1530", "T1552"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(of_etcds),
        Check::Reads(closed_world::JOBS),
        Check::Object { kinds: &[("batch", "CronJob")], check: of_job },
        Check::Object { kinds: &[("", configuration::K3S)], check: of_k3s },
    ]),
    guard: None,
    probes: &[],
};

const NEEDS: &str = "the job or service that takes snapshots, and the age of the newest one";

/// An etcd says nothing of its backups; a job among the files does.
fn of_etcds<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    if evidence.of_kind("CronJob").any(takes_snapshots) {
        return Vec::new();
    }
    let of_etcd =
        |component: &&Component<'a>| component.program == Program::Etcd && component.setup != Setup::K3s;
    let unknown = |component| Judged {
        object: evidence.owner_of(component),
        verdict: Verdict::unknown(format!("no job {} takes snapshots of etcd", around.among()), NEEDS),
    };
    evidence.components().iter().filter(of_etcd).map(unknown).collect()
}

fn of_job<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    if !takes_snapshots(scope.object) {
        return Verdict::NotApplicable;
    }
    match scope.object.value.at(&["spec", "suspend"]) {
        Some(suspend) if suspend.as_bool() == Some(true) => {
            Verdict::fail(Fault::new(Place::at(suspend), "`suspend: true`: no snapshots of etcd are taken"))
        }
        _ => Verdict::Pass,
    }
}

/// k3s and RKE2 take snapshots twice a day by themselves, onto the disk of the server.
fn of_k3s<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let root = scope.object.value;
    let is_on = |key| root.get(key).is_some_and(|value| value.as_bool() == Some(true));
    if let Some(disabled) = root.get("etcd-disable-snapshots").filter(|_| is_on("etcd-disable-snapshots")) {
        let message = "`etcd-disable-snapshots: true`: no snapshots of etcd are taken";
        return Verdict::fail(Fault::new(Place::at(disabled), message));
    }
    if is_on("etcd-s3") {
        return Verdict::Pass;
    }
    if is_on("cluster-init") || root.entries().any(|(key, _)| key.text().starts_with("etcd-snapshot-")) {
        return Verdict::unknown(
            "snapshots are taken, but `etcd-s3` is not set here: they may lie on the disk of the server alone",
            NEEDS,
        );
    }
    Verdict::NotApplicable
}

fn takes_snapshots(job: &Object<'_>) -> bool {
    let Some(pod) = Pod::from_kind(job.api_version, job.kind, job.value) else { return false };
    pod.containers().any(|container| {
        let list = |key| container.value().get(key).into_iter().flat_map(|list| list.items());
        let words: Vec<_> = list("command").chain(list("args")).map(|word| word.text()).collect();
        let mut started = programs::started(words.iter().copied());
        started.iter_mut().any(|words| {
            let mut words = words.iter().map(String::as_str);
            words.next().is_some_and(|program| matches!(program, "etcdctl" | "etcdutl"))
                && words.clone().any(|word| word == "snapshot")
                && words.any(|word| word == "save")
        })
    })
}
