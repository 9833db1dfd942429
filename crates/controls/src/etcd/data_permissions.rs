//! `etcd/data-permissions`; prose and cases in `data_permissions.md`.

use seaworthy_evidence::{collection::GROUP, node_reading};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::node_files;
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "etcd/data-permissions",
    title: "The data folder of etcd is private to etcd",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Node],
    change: &change::NODE_FILES,
    page: include_str!("data_permissions.md"),
    mappings: Mappings {
        cis: &["1.1.11", "1.1.12"],
        nsa: &["etcd"],
        attack: &["T1552", "T1005"],
        kubescape: &["C-0102", "C-0103"],
        trivy: &["KCV-0058", "KCV-0059"],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: &[(GROUP, node_reading::KIND)], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    node_files::judge(scope, CONTROL.id, |rule| rule.mode)
}
