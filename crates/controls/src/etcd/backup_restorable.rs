//! `etcd/backup-restorable`; prose and cases in `backup_restorable.md`.

use crate::change;
use crate::closed_world::CLUSTER;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "etcd/backup-restorable",
    title: "The etcd snapshot verifies and restores",
    phase: Phase::Research,
    step: 6,
    severity: Severity::Medium,
    scopes: &[Scope::Cluster, Scope::Node],
    change: &change::BACKUPS,
    page: include_str!("backup_restorable.md"),
    mappings: Mappings { nsa: &["etcd"], attack: &["T1490"], ..Mappings::NONE },
    check: Check::Object { kinds: CLUSTER, check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    // The provider runs it, and shows nothing of it.
    if scope.around.evidence.is_managed() {
        return Verdict::NotApplicable;
    }
    Verdict::unknown(
        "that a snapshot can be restored shows only when one is",
        "`etcdutl snapshot status` of the newest snapshot, and a restore into an empty folder whose keys are counted",
    )
}
