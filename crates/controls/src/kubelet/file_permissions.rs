//! `kubelet/file-permissions`; prose and cases in `file_permissions.md`.

use seaworthy_evidence::{collection::GROUP, node_reading};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::node_files;
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "kubelet/file-permissions",
    title: "Kubelet configuration, kubeconfig and unit files are root-only",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Node],
    change: &change::NODE_FILES,
    page: include_str!("file_permissions.md"),
    mappings: Mappings {
        cis: &["4.1.1", "4.1.2", "4.1.5", "4.1.6", "4.1.9", "4.1.10"],
        nsa: &["node"],
        attack: &["MS-TA9003", "T1552"],
        kubescape: &["C-0162", "C-0163", "C-0166", "C-0167", "C-0170", "C-0171", "C-0235", "C-0238"],
        trivy: &["KCV-0069", "KCV-0070", "KCV-0073", "KCV-0074", "KCV-0077", "KCV-0078"],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: &[(GROUP, node_reading::KIND)], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    node_files::judge(scope, CONTROL.id, |rule| rule.mode)
}
