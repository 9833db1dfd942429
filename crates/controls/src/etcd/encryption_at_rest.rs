//! `etcd/encryption-at-rest`; prose and cases in `encryption_at_rest.md`.

use crate::probe::etcd::{Canary, Stored};
use crate::probe::{Ground, Probe, Right};
use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect};

use super::providers::{Provider, block_of, has_placeholder};
use super::transformations;
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "etcd/encryption-at-rest",
    title: "Secrets are encrypted before they reach etcd",
    phase: Phase::QuickWin,
    step: 6,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::ENCRYPTION_CONFIGURATION,
    page: include_str!("encryption_at_rest.md"),
    mappings: Mappings {
        cis: &["1.2.27"],
        nsa: &["secrets"],
        attack: &["MS-TA9025", "T1552.007"],
        kubescape: &["C-0141", "C-0066"],
        trivy: &["KCV-0030"],
        checkov: &["CKV_K8S_104"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Object { kinds: &[("apiserver.config.k8s.io", "EncryptionConfiguration")], check: check_file },
    ]),
    guard: None,
    probes: &[CANARY, COUNTERS],
};

const CANARY: Probe = Probe {
    name: "canary",
    asks: "The caller creates a Secret, and its value is read raw out of etcd by gRPC, with `--etcd-cert`",
    proved_by: "the value begins with `k8s:enc:` and a provider, and the text of the Secret is not in it",
    refuted_by: "the text of the Secret can be read",
    not_fooled_by: "an etcd of another cluster, or another `--etcd-prefix`: the object of this run must be found there",
    positive_control: "the object is made, and its key is read",
    consent: Consent::Canary,
    side_effect: SideEffect::Objects("a Secret in a namespace of the run"),
    rights: &[Right { group: "", resource: "secrets", verbs: &["create", "delete"] }],
    plan: plan_canary,
};

const COUNTERS: Probe = Probe {
    name: "counters",
    asks: "The caller reads the metrics of the API server, creates three Secrets, and reads the metrics again; etcd is not asked",
    proved_by: "one process made the Secrets, and counts as many values of Secrets that a provider encrypted on their way to \
                storage, and none that passed `identity`. What other API servers of the cluster do is not seen",
    refuted_by: "it counts Secrets that pass `identity`, or none at all that it transforms",
    not_fooled_by: "other API servers behind one address: the process must be the same, and must itself have made the Secrets; \
                    other writers: all Secrets pass the same provider; metrics that were turned off, or that do not tell of which \
                    resource a value was, decide nothing",
    positive_control: "the metrics are read, and the Secrets are made",
    consent: Consent::Canary,
    side_effect: SideEffect::Objects("three Secrets in a namespace of the run"),
    rights: &[
        Right { group: "", resource: "secrets", verbs: &["create", "delete"] },
        Right::path("/metrics"),
    ],
    plan: transformations::plan,
};

fn plan_canary(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let canary = Canary { name: "at-rest", resource: "secrets", kind: "Secret", field: "stringData" };
    canary.attempts(ground, |step, stored| match stored {
        Stored::Clear => Outcome::refuted(step, "the text of a new Secret stands in etcd in the clear"),
        Stored::Encrypted(prefix) => {
            Outcome::proved(step, format!("a new Secret stands in etcd encrypted: {prefix}"))
        }
    })
}

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    match flags.configuration("--encryption-provider-config", "EncryptionConfiguration") {
        // Judged where it stands.
        Configuration::Found(_) => return Verdict::NotApplicable,
        Configuration::None => flags.require(
            "--encryption-provider-config",
            "secrets stand in etcd, in its snapshots and on its disks in the clear",
        ),
        Configuration::Open => {}
    }
    flags.verdict()
}

fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let file = scope.object.value;
    if has_placeholder(file) {
        return Verdict::unknown("a resource or provider is a placeholder", "the text that is filled in");
    }
    let Some((block, entry)) = block_of(file, "secrets", "") else {
        let place = file.get("resources").map_or(Place::missing(file, "resources"), Place::at);
        return Verdict::fail(Fault::new(place, "no block names `secrets`: they are written in the clear"));
    };
    match block.providers().next() {
        None => Verdict::fail(Fault::new(
            Place::missing(block.value, "providers"),
            "the block has no `providers`, which the server refuses",
        )),
        Some(Provider { name: "identity", value }) => Verdict::fail(Fault::new(
            Place::at(value),
            format!(
                "`identity` is the first provider of `{}`: secrets are written in the clear",
                entry.text()
            ),
        )),
        Some(Provider { name: "", value }) => Verdict::fail(Fault::new(
            Place::at(value),
            "the first provider is none that the server knows, which it refuses",
        )),
        Some(_) => Verdict::Pass,
    }
}
