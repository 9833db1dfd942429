//! `audit/monitored`; prose and cases in `monitored.md`.

use crate::change;
use crate::closed_world::CLUSTER;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "audit/monitored",
    title: "Audit events are watched for abuse",
    phase: Phase::QuickWin,
    step: 1,
    severity: Severity::High,
    scopes: &[Scope::Cluster, Scope::Audit],
    change: &change::OBSERVABILITY,
    page: include_str!("monitored.md"),
    mappings: Mappings { cis: &["3.2.2"], nsa: &["alerting"], attack: &["T1562", "T1078"], ..Mappings::NONE },
    check: Check::Object { kinds: CLUSTER, check },
    guard: None,
    probes: &[],
};

fn check<'a>(_: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    Verdict::unknown(
        "whether anybody is told of abuse in the audit log is not seen in the cluster",
        "the detections that run where the events arrive, their receivers, and a harmless marked request that raises the alarm",
    )
}
