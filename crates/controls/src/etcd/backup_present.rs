//! `etcd/backup-present`; prose and cases in `backup_present.md`.

use crate::probe::{Ground, Probe};
use seaworthy_evidence::{Component, Object, Place, Program, Setup, configuration};
use seaworthy_podsecurity::Pod;
use seaworthy_probe::{
    Answer, Ask, Attempt, Consent, FileFacts, Outcome, Reply, Request, SideEffect, Step, Subject,
    newest_snapshot,
};

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
    probes: &[FOLDER],
};

const FOLDER: Probe = Probe {
    name: "folder",
    asks: "The names, sizes, modes and ages of the files in the folder of `--etcd-backups` on this machine are listed",
    proved_by: "the newest snapshot is less than 26 hours old, not empty, and for its owner alone; whether it is encrypted and \
                where else it lies is not seen",
    refuted_by: "none, an old one, an empty one, or one that others may read",
    not_fooled_by: "a folder that cannot be read or holds no snapshots at all: that is inconclusive or refuted, never proved",
    positive_control: "the folder is listed",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[],
    plan: plan_folder,
};

/// A day, and two hours for the job to run.
const OLDEST: u64 = 26 * 3600;

/// An etcd without a single key takes more.
const SMALLEST: u64 = 4096;

fn plan_folder(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let Some(folder) = &ground.given.etcd_backups else {
        if ground.evidence.is_managed() {
            return Vec::new();
        }
        let subject = Subject::cluster("etcd");
        return vec![Attempt::cannot(
            subject,
            "where the backups of etcd lie is not known",
            "`--etcd-backups FOLDER`",
        )];
    };
    let listing = Request::of_file(folder, Ask::Listing);
    let steps = vec![Step::control("listed", listing.clone(), listed), Step::ask("files", listing)];
    vec![Attempt::new(Subject::cluster("etcd backups"), steps, |answers| match answers.reply("files") {
        Some(Reply::Files(files)) => judge_files(files),
        _ => answers.inconclusive("files"),
    })]
}

fn listed(answer: &Answer) -> Result<(), String> {
    match answer.reply {
        Reply::Files(_) => Ok(()),
        _ => Err(answer.summary()),
    }
}

fn judge_files(files: &[FileFacts]) -> Outcome {
    let Some(newest) = newest_snapshot(files) else {
        return Outcome::refuted("files", "the folder holds no snapshot");
    };
    let name = newest.path.rsplit('/').next().unwrap_or_default();
    if newest.age > OLDEST {
        return Outcome::refuted(
            "files",
            format!("the newest file, `{name}`, is {} hours old", newest.age / 3600),
        );
    }
    if newest.size < SMALLEST {
        return Outcome::refuted(
            "files",
            format!("the newest file, `{name}`, holds {} bytes: no snapshot", newest.size),
        );
    }
    if newest.mode & 0o077 != 0 {
        let reason = format!("the newest snapshot, `{name}`, is open to others: mode {:04o}", newest.mode);
        return Outcome::refuted("files", reason);
    }
    let age = newest.age / 3600;
    Outcome::proved(
        "files",
        format!("`{name}` is {age} hours old, {} bytes, and for its owner alone", newest.size),
    )
}

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
