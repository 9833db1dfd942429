//! `access/multi-cluster`; prose and cases in `multi_cluster.md`.

use crate::change;
use crate::closed_world::CLUSTER;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "access/multi-cluster",
    title: "Roles and access are the same by intent in all clusters",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::Medium,
    scopes: &[Scope::Cluster],
    change: &change::ACCESS,
    page: include_str!("multi_cluster.md"),
    mappings: Mappings { nsa: &["rbac"], attack: &["T1078"], ..Mappings::NONE },
    check: Check::Object { kinds: CLUSTER, check },
    guard: None,
    probes: &[],
};

fn check<'a>(_: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    Verdict::unknown(
        "one cluster was asked: roles and groups are compared across several",
        "scans of the other clusters, with the roles and bindings of each",
    )
}
