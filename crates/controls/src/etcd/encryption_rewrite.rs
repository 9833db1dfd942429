//! `etcd/encryption-rewrite`; prose and cases in `encryption_rewrite.md`.

use crate::change;
use crate::closed_world::CLUSTER;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

pub(super) static CONTROL: Control = Control {
    id: "etcd/encryption-rewrite",
    title: "Objects written before encryption have been rewritten",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Cluster, Scope::Node],
    change: &change::ENCRYPTION_CONFIGURATION,
    page: include_str!("encryption_rewrite.md"),
    mappings: Mappings {
        cis: &["1.2.28"],
        nsa: &["secrets"],
        attack: &["MS-TA9025", "T1552"],
        ..Mappings::NONE
    },
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
        "whether objects that are older than the encryption have been written anew stands in etcd",
        "the first bytes of each value below `/registry/secrets/` in etcd: all begin with `k8s:enc:` and the provider in use",
    )
}
