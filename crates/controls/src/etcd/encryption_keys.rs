//! `etcd/encryption-keys`; prose and cases in `encryption_keys.md`.

use crate::probe::etcd::{Canary, Stored};
use crate::probe::{Ground, Probe, Right};
use seaworthy_evidence::Place;
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect};

use super::providers::{Provider, blocks};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "etcd/encryption-keys",
    title: "Encryption uses KMS v2 or secretbox with rotated, protected keys",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::ENCRYPTION_CONFIGURATION,
    page: include_str!("encryption_keys.md"),
    mappings: Mappings {
        cis: &["1.2.28"],
        nsa: &["secrets"],
        attack: &["T1552", "T1600", "T1552.001"],
        kubescape: &["C-0142"],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: &[("apiserver.config.k8s.io", "EncryptionConfiguration")], check },
    guard: None,
    probes: &[PROVIDER],
};

const PROVIDER: Probe = Probe {
    name: "provider",
    asks: "The caller creates a Secret, and the prefix of its value is read raw out of etcd by gRPC, with `--etcd-cert`",
    proved_by: "the prefix names `secretbox` or version 2 of `kms`; where its keys lie and how old they are is not seen",
    refuted_by: "the prefix names `aescbc`, `aesgcm` or version 1 of `kms`",
    not_fooled_by: "an etcd of another cluster, or another `--etcd-prefix`: the object of this run must be found there",
    positive_control: "the object is made, and its key is read",
    consent: Consent::Canary,
    side_effect: SideEffect::Objects("a Secret in a namespace of the run"),
    rights: &[Right { group: "", resource: "secrets", verbs: &["create", "delete"] }],
    plan: plan_provider,
};

fn plan_provider(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let canary = Canary { name: "provider", resource: "secrets", kind: "Secret", field: "stringData" };
    canary.attempts(ground, judge_provider)
}

fn judge_provider(step: &'static str, stored: &Stored) -> Outcome {
    let prefix = match stored {
        Stored::Encrypted(prefix) => prefix,
        Stored::Clear => {
            let reason = "new Secrets are not encrypted at all: see `etcd/encryption-at-rest`";
            return Outcome::inconclusive(step, reason);
        }
    };
    match (prefix.provider.as_str(), prefix.version.as_str()) {
        ("secretbox", "v1") | ("kms", "v2") => Outcome::proved(
            step,
            format!("new Secrets are encrypted by {prefix}; where its keys lie is not seen"),
        ),
        ("kms", _) => {
            Outcome::refuted(step, format!("new Secrets are encrypted by {prefix}, which is deprecated"))
        }
        ("aescbc" | "aesgcm", _) => {
            Outcome::refuted(step, format!("new Secrets are encrypted by {prefix}, which is weak"))
        }
        _ => Outcome::inconclusive(step, format!("the provider {prefix} is not known")),
    }
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let file = scope.object.value;
    let mut faults = Vec::new();
    let (mut any, mut filled_in, mut hidden) = (false, false, false);
    for block in blocks(file) {
        for (index, provider) in block.providers().enumerate() {
            any |= provider.name != "identity";
            if index == 0 {
                faults.extend(weakness(provider));
            }
            let keys = provider.value.get("keys").into_iter().flat_map(|keys| keys.items());
            for secret in keys.filter_map(|key| key.get("secret")) {
                match judge(secret.text()) {
                    Key::Random => {}
                    Key::FilledIn => {
                        filled_in = true;
                        // What the reader of nodes puts in the place of keys.
                        hidden |= secret.text() == "(hidden)";
                    }
                    Key::Guessable(why) => {
                        // The value stays where it is: only what kind it is of is said.
                        faults.push(Fault::new(Place::at(secret), why).graded(Severity::High));
                    }
                }
            }
        }
    }
    match (any, filled_in) {
        (false, _) => Verdict::NotApplicable,
        (true, true) if faults.is_empty() && hidden => {
            Verdict::unknown("the keys were left on the node", "a look at the file there")
        }
        (true, true) if faults.is_empty() => {
            Verdict::unknown("the keys are filled in later", "the configuration on the node")
        }
        _ => Verdict::of(faults),
    }
}

/// What is weak about the provider that writes.
fn weakness(provider: Provider<'_>) -> Option<Fault<'_>> {
    let place = Place::at(provider.value);
    match provider.name {
        "kms" if provider.value.get("apiVersion").is_none_or(|version| version.text() != "v2") => {
            let message = "`kms` of version 1 (the default of `apiVersion`) is deprecated and off since v1.29: use `v2`";
            let at = provider.value.get("apiVersion");
            Some(Fault::new(at.map_or(Place::missing(provider.value, "apiVersion"), Place::at), message))
        }
        "aescbc" => Some(
            Fault::new(
                place,
                "`aescbc` does not notice when what it wrote is changed in etcd: use `kms` v2 or `secretbox`",
            )
            .graded(Severity::Low),
        ),
        "aesgcm" => Some(Fault::new(
            place,
            "`aesgcm` breaks when one key writes too often: without a rotation by machine, use `kms` v2 or `secretbox`",
        )),
        _ => None,
    }
}

/// What can be told of a key without knowing it.
enum Key {
    Random,
    FilledIn,
    Guessable(&'static str),
}

fn judge(text: &str) -> Key {
    let text = text.trim();
    if is_placeholder(text) || text.is_empty() || text.contains(['<', '>', ' ', '_']) {
        return Key::FilledIn;
    }
    let Some(bytes) = seaworthy_document::decode_base64(text) else { return Key::FilledIn };
    let distinct = bytes.iter().collect::<std::collections::BTreeSet<_>>().len();
    // Of 16 random bytes, all are printable once in two million times; of 32, never.
    if bytes.len() >= 16 && bytes.iter().all(|byte| (0x20..0x7f).contains(byte) || *byte == b'\n') {
        Key::Guessable(
            "the key is a readable text, not random bytes: those of the documentation look like this",
        )
    } else if bytes.len() >= 16 && distinct <= 4 {
        Key::Guessable("the key repeats a few bytes, so that it is not random")
    } else {
        Key::Random
    }
}
