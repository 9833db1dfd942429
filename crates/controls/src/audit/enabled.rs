//! `audit/enabled`; prose and cases in `enabled.md`.

use seaworthy_evidence::Program;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "audit/enabled",
    title: "API server writes an audit log",
    phase: Phase::QuickWin,
    step: 1,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node, Scope::Audit],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("enabled.md"),
    mappings: Mappings {
        cis: &["1.2.16", "3.2.1"],
        nsa: &["audit"],
        attack: &["T1562.008", "T1070"],
        kubescape: &["C-0067", "C-0130", "C-0160"],
        trivy: &["KCV-0019"],
        checkov: &["CKV_K8S_91"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    flags.require("--audit-policy-file", "the server records nothing of what is done with the cluster");
    let log = flags.text("--audit-log-path");
    let webhook = flags.text("--audit-webhook-config-file");
    // Without a policy there are no events, so that one finding is enough.
    let policy = flags.text("--audit-policy-file");
    if policy.given().is_some()
        && let (Reading::Absent(place), Reading::Absent(_)) = (log, webhook)
    {
        flags.fault(Fault::new(
            place,
            "neither `--audit-log-path` nor `--audit-webhook-config-file` is set: events go nowhere",
        ));
    }
    flags.verdict()
}
