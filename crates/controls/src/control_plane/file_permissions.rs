//! `control-plane/file-permissions`; prose and cases in `file_permissions.md`.

use seaworthy_evidence::{NodeReading, Place, Role, collection::GROUP, node_reading};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::node_files;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "control-plane/file-permissions",
    title: "Control-plane manifests, kubeconfigs, PKI and CNI files are root-only",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Node],
    change: &change::NODE_FILES,
    page: include_str!("file_permissions.md"),
    mappings: Mappings {
        cis: &[
            "1.1.1", "1.1.2", "1.1.3", "1.1.4", "1.1.5", "1.1.6", "1.1.7", "1.1.8", "1.1.9", "1.1.10",
            "1.1.13", "1.1.14", "1.1.15", "1.1.16", "1.1.17", "1.1.18", "1.1.19", "1.1.20", "1.1.21",
        ],
        nsa: &["control-plane"],
        attack: &["MS-TA9003", "T1552", "MS-TA9017", "T1543", "T1649", "MS-TA9013"],
        kubescape: &[
            "C-0104", "C-0105", "C-0106", "C-0107", "C-0108", "C-0109", "C-0092", "C-0093", "C-0094",
            "C-0095", "C-0096", "C-0097", "C-0098", "C-0099", "C-0110", "C-0111", "C-0112", "C-0100",
            "C-0101",
        ],
        trivy: &[
            "KCV-0060", "KCV-0061", "KCV-0062", "KCV-0063", "KCV-0064", "KCV-0065", "KCV-0048", "KCV-0049",
            "KCV-0050", "KCV-0051", "KCV-0052", "KCV-0053", "KCV-0054", "KCV-0055", "KCV-0066", "KCV-0067",
            "KCV-0068", "KCV-0056", "KCV-0057",
        ],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: &[(GROUP, node_reading::KIND)], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let judged = node_files::judge(scope, CONTROL.id, |rule| rule.mode);
    let Some(node) = NodeReading::of(scope.object) else { return judged };
    let supreme = node.files().filter(|file| {
        file.role() == Some(Role::AdminKubeconfig)
            && file.path().ends_with("/super-admin.conf")
            && !file.is_missing()
    });
    let mut faults: Vec<Fault<'a>> = supreme
        .map(|file| {
            let message = format!(
                "`{}` is the group `system:masters`, which no binding limits: keep it away from the node",
                file.path()
            );
            let place = file.value().get("path").unwrap_or(file.value());
            Fault::new(Place::at(place), message).graded(Severity::Low)
        })
        .collect();
    match judged {
        Verdict::Fail(more) => {
            faults.extend(more);
            Verdict::Fail(faults)
        }
        judged if faults.is_empty() => judged,
        _ => Verdict::Fail(faults),
    }
}
