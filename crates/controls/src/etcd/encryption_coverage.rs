//! `etcd/encryption-coverage`; prose and cases in `encryption_coverage.md`.

use crate::probe::etcd::{Canary, Stored};
use crate::probe::{Ground, Probe, Right};
use seaworthy_evidence::Place;
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect};

use super::providers::{Provider, block_of, has_placeholder, hidden};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "etcd/encryption-coverage",
    title: "Custom resources and ConfigMaps holding sensitive data are encrypted",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::ENCRYPTION_CONFIGURATION,
    page: include_str!("encryption_coverage.md"),
    mappings: Mappings { cis: &["1.2.27"], nsa: &["secrets"], attack: &["T1552"], ..Mappings::NONE },
    check: Check::Object { kinds: &[("apiserver.config.k8s.io", "EncryptionConfiguration")], check },
    guard: None,
    probes: &[CANARY],
};

const CANARY: Probe = Probe {
    name: "canary",
    asks: "The caller creates a ConfigMap, and its value is read raw out of etcd by gRPC, with `--etcd-cert`",
    proved_by: "the value begins with `k8s:enc:` and a provider, and the text of the ConfigMap is not in it",
    refuted_by: "the text of the ConfigMap can be read",
    not_fooled_by: "an etcd of another cluster, or another `--etcd-prefix`: the object of this run must be found there",
    positive_control: "the object is made, and its key is read",
    consent: Consent::Canary,
    side_effect: SideEffect::Objects("a ConfigMap in a namespace of the run"),
    rights: &[Right { group: "", resource: "configmaps", verbs: &["create", "delete"] }],
    plan: plan_canary,
};

fn plan_canary(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let canary = Canary { name: "coverage", resource: "configmaps", kind: "ConfigMap", field: "data" };
    canary.attempts(ground, |step, stored| match stored {
        Stored::Clear => Outcome::refuted(step, "the text of a new ConfigMap stands in etcd in the clear"),
        Stored::Encrypted(prefix) => {
            Outcome::proved(step, format!("a new ConfigMap stands in etcd encrypted: {prefix}"))
        }
    })
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let file = scope.object.value;
    if has_placeholder(file) {
        return Verdict::unknown("a resource or provider is a placeholder", "the text that is filled in");
    }
    let mut faults = Vec::new();
    for (entry, by) in hidden(file) {
        let message =
            format!("`{}` stands behind `{by}`, which hides it: the server refuses the file", entry.text());
        faults.push(Fault::new(Place::at(entry), message));
    }
    match block_of(file, "configmaps", "") {
        None => {
            let place = file.get("resources").map_or(Place::missing(file, "resources"), Place::at);
            let message =
                "no block names `configmaps`: whatever is sensitive in them is written in the clear";
            faults.push(Fault::new(place, message).graded(Severity::Low));
        }
        Some((block, entry)) => {
            if let Some(Provider { name: "identity", value }) = block.providers().next() {
                let message = format!(
                    "`identity` is the first provider of `{}`: they are written in the clear",
                    entry.text()
                );
                faults.push(Fault::new(Place::at(value), message).graded(Severity::Low));
            }
        }
    }
    Verdict::of(faults)
}
