//! `audit/monitored`; prose and cases in `monitored.md`.

use seaworthy_probe::{Attempt, Subject};

use crate::change;
use crate::closed_world::CLUSTER;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
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
    probes: &[ALERT],
};

const ALERT: Probe = Probe::unasked(
    "alert",
    "Nothing: requests that should raise an alert are made by other probes, and where alerts arrive the cluster does not tell",
    plan_alert,
);

fn plan_alert(_: &Ground<'_, '_>) -> Vec<Attempt> {
    vec![Attempt::cannot(
        Subject::cluster("alerts"),
        "where alerts arrive, the cluster does not tell",
        "a look at the receiver of alerts: this run reads Secrets that do not exist and asks for `pods/exec`, under the user \
         agent `seaworthy-probe`",
    )]
}

fn check<'a>(_: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    Verdict::unknown(
        "whether anybody is told of abuse in the audit log is not seen in the cluster",
        "the detections that run where the events arrive, their receivers, and a harmless marked request that raises the alarm",
    )
}
