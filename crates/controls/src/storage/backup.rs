//! `storage/backup`; prose and cases in `backup.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::{ObjectScope, Surroundings};
use crate::storage::backup_tools::{self, Covered};
use crate::verdict::{Fault, Judged, Verdict};

const NEEDS: &str = "the schedules of the backup tool, and its last completed backups";

pub(super) static CONTROL: Control = Control {
    id: "storage/backup",
    title: "Persistent data has tested backups",
    phase: Phase::NextStep,
    step: 12,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::BACKUPS,
    page: include_str!("backup.md"),
    mappings: Mappings { nsa: &["etcd"], attack: &["MS-TA9038", "T1485", "T1490"], ..Mappings::NONE },
    check: Check::Several(&[
        Check::Object {
            kinds: &[
                ("postgresql.cnpg.io", "ScheduledBackup"),
                ("snapscheduler.backube", "SnapshotSchedule"),
                ("velero.io", "Schedule"),
                ("volsync.backube", "ReplicationSource"),
            ],
            check: judge_schedule,
        },
        Check::Object { kinds: &[("velero.io", "BackupStorageLocation")], check: judge_location },
        Check::Evidence(judge_claims),
        Check::Reads(closed_world::SCHEDULES),
    ]),
    guard: None,
    probes: &[],
};

fn judge_schedule<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let schedule = scope.object;
    if let Some(switch) = backup_tools::stopped(schedule) {
        let key = switch.key().map_or("paused", |key| key.text());
        return Verdict::fail(Fault::new(
            Place::at(switch),
            format!("`{key}: true`: the schedule stands still, and no backup is made"),
        ));
    }
    if backup_tools::is_open(schedule) {
        return Verdict::unknown("the files do not decide whether the schedule runs", "the rendered object");
    }
    if let Some(value) = backup_tools::leaves_volumes_out(schedule) {
        let message = "`snapshotVolumes: false` and no copy of their files: the backups hold objects, but no data of volumes";
        return Verdict::fail(Fault::new(Place::at(value), message));
    }
    Verdict::Pass
}

fn judge_location<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    match scope.object.value.at(&["spec", "accessMode"]) {
        Some(mode) if mode.text() == "ReadOnly" => Verdict::fail(Fault::new(
            Place::at(mode),
            "`accessMode: ReadOnly`: backups can be restored from here, but none is written",
        )),
        _ => Verdict::Pass,
    }
}

fn judge_claims<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let mut covered = Covered::default();
    let schedules = evidence.of_kind("Schedule").filter(|object| object.is("velero.io", "Schedule"));
    schedules.for_each(|schedule| covered.add(schedule));
    let claims = evidence.of_kind("PersistentVolumeClaim").filter(|object| object.group().is_empty());
    claims
        .map(|claim| Judged {
            object: claim,
            verdict: match claim.namespace {
                _ if claim.label("velero.io/exclude-from-backup") == Some("true") => Verdict::NotApplicable,
                Some(namespace) if covered.holds(namespace) => Verdict::Pass,
                _ => Verdict::unknown(
                    format!("no schedule of backups {} surely includes this claim", around.among()),
                    NEEDS,
                ),
            },
        })
        .collect()
}
