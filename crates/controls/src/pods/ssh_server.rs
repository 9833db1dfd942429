//! `pods/ssh-server`; prose and cases in `ssh_server.md`.

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "pods/ssh-server",
    title: "Containers offer no SSH server or sudo",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Runtime],
    change: &change::IMAGE_CONTENT,
    page: include_str!("ssh_server.md"),
    mappings: Mappings {
        nsa: &["images"],
        attack: &["MS-TA9010", "T1021.004"],
        kubescape: &["C-0042", "C-0062"],
        kube_linter: &["ssh-port"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
};

fn check<'a>(_scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    Verdict::NotApplicable
}
