//! `kube-proxy/kubeconfig-permissions`; prose and cases in `kubeconfig_permissions.md`.

use seaworthy_evidence::{Role, collection::GROUP, node_reading};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::node_files;
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "kube-proxy/kubeconfig-permissions",
    title: "The kubeconfig of kube-proxy is private to root",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::Medium,
    scopes: &[Scope::Node],
    change: &change::NODE_FILES,
    page: include_str!("kubeconfig_permissions.md"),
    mappings: Mappings {
        cis: &["4.1.3", "4.1.4"],
        nsa: &["node"],
        attack: &["MS-TA9003", "T1552"],
        kubescape: &["C-0164", "C-0165"],
        trivy: &["KCV-0071", "KCV-0072"],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: &[(GROUP, node_reading::KIND)], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let most = scope.around.settings.parameters.kube_proxy_mode;
    node_files::judge(scope, CONTROL.id, |rule| match rule.role {
        Role::Kubeconfig => most,
        _ => rule.mode,
    })
}
