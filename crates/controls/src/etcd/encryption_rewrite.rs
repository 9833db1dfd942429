//! `etcd/encryption-rewrite`; prose and cases in `encryption_rewrite.md`.

use crate::change;
use crate::closed_world::CLUSTER;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::etcd::{self, Canary, Prefix};
use crate::probe::{Ground, Probe, Right};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;
use seaworthy_probe::{Ask, Attempt, Consent, Outcome, Request, SideEffect, Step, expect};
use std::collections::BTreeMap;

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
    probes: &[PREFIXES, CURRENT_KEY],
};

const PREFIXES: Probe = Probe {
    name: "prefixes",
    asks: "The first bytes of the values of all Secrets are read raw out of etcd by gRPC, with `--etcd-cert`, 5000 at most",
    proved_by: "each begins with `k8s:enc:`, and all with the same provider and key; whether that is the key in use, the other \
                probe tells",
    refuted_by: "one that does not",
    not_fooled_by: "an etcd of another cluster, or one without Secrets: there must be some. More than are read prove nothing",
    positive_control: "the port accepts connections, and etcd tells Secrets to the holder of the certificate",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[],
    plan: plan_prefixes,
};

const CURRENT_KEY: Probe = Probe {
    name: "current-key",
    asks: "The caller creates a Secret, and the first bytes of the values of all Secrets are read raw out of etcd by gRPC, with \
           `--etcd-cert`, 5000 at most",
    proved_by: "each begins with the provider and the key that the new one begins with",
    refuted_by: "one that begins with another key, or that is not encrypted: it was not written anew since the key was changed",
    not_fooled_by: "an etcd of another cluster: the Secret of this run must be found there. A key that a plugin of KMS changes \
                    within itself is not seen, since its name stays",
    positive_control: "the object is made, and its key is read",
    consent: Consent::Canary,
    side_effect: SideEffect::Objects("a Secret in a namespace of the run"),
    rights: &[Right { group: "", resource: "secrets", verbs: &["create", "delete"] }],
    plan: plan_current_key,
};

/// Most Secrets whose first bytes are read.
const MOST: u32 = 5000;

/// Where Kubernetes keeps Secrets, and what is behind it.
const ALL: &str = "/registry/secrets/";
const BEHIND: &str = "/registry/secrets0";

/// Bytes of a value that hold its prefix; a name of a key that is longer is not decided.
const BYTES: usize = 320;

fn plan_prefixes(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let Some(endpoint) = ground.given.etcd.first() else { return etcd::nowhere(ground, etcd::FOR_READING) };
    let port = Request::of_port(endpoint, Ask::Connect);
    let mut steps = vec![Step::control("port", port, expect::connected)];
    steps.extend(etcd::stored(endpoint, (ALL, BEHIND), MOST, BYTES));
    // Those that this run makes are written with the key in use, at no certain time.
    let own = format!("{ALL}{}/", ground.canary_namespace());
    let attempt = Attempt::new(etcd::subject(endpoint), steps, move |answers| {
        let (step, keys, count) = match etcd::read(answers) {
            Ok(read) => read,
            Err(outcome) => return outcome,
        };
        let others: Vec<_> = keys.iter().filter(|(key, _)| !key.starts_with(&own)).cloned().collect();
        judge(step, &others, count.saturating_sub((keys.len() - others.len()) as u64))
    });
    vec![attempt]
}

fn plan_current_key(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let Some(endpoint) = ground.given.etcd.first() else { return etcd::nowhere(ground, etcd::FOR_READING) };
    let canary = Canary { name: "key", resource: "secrets", kind: "Secret", field: "stringData" };
    let made = canary.made(ground);
    let mut steps = vec![made.create];
    steps.extend(etcd::stored(endpoint, (ALL, BEHIND), MOST, BYTES));
    let own = format!("{ALL}{}/", ground.canary_namespace());
    let attempt = Attempt::new(etcd::subject(endpoint), steps, move |answers| match etcd::read(answers) {
        Ok((step, keys, count)) => {
            let canary = keys.iter().find(|(key, _)| *key == made.key).map(|(_, value)| value.as_slice());
            // What other probes of this run make is as new as the canary, and shows nothing.
            let others: Vec<_> = keys.iter().filter(|(key, _)| !key.starts_with(&own)).cloned().collect();
            judge_key(step, canary, &others, count.saturating_sub((keys.len() - others.len()) as u64))
        }
        Err(outcome) => outcome,
    });
    vec![attempt.in_canary_namespace()]
}

fn judge_key(step: &'static str, canary: Option<&[u8]>, others: &[(String, Vec<u8>)], count: u64) -> Outcome {
    let Some(canary) = canary else {
        let reason = "the Secret of this run is not among those that were read";
        return Outcome::inconclusive(step, reason)
            .needs(format!("the etcd of this cluster by `--etcd`, with less than {MOST} Secrets"));
    };
    let Some(current) = Prefix::of(canary) else {
        return Outcome::inconclusive(step, "new Secrets are not encrypted: no key is in use")
            .needs("what `etcd/encryption-at-rest` says");
    };
    let is_older = |value: &[u8]| Prefix::of(value).as_ref() != Some(&current);
    let older: Vec<&str> =
        others.iter().filter(|(_, value)| is_older(value)).map(|(key, _)| key.as_str()).collect();
    if let Some(first) = older.first() {
        let (number, first) = (older.len(), first.trim_start_matches(ALL));
        let reason = format!(
            "new Secrets are encrypted by {current}, and {number} of {count} stand in etcd otherwise, the first `{first}`"
        );
        return Outcome::refuted(step, reason);
    }
    if others.len() as u64 != count {
        let reason = format!("only {} of {count} Secrets were looked at", others.len());
        return Outcome::inconclusive(step, reason).needs("a look at all values below `/registry/secrets/`");
    }
    match others {
        [] => Outcome::inconclusive(step, "there is no Secret but those of this run"),
        _ => {
            Outcome::proved(step, format!("all {count} Secrets are encrypted by {current}, as new ones are"))
        }
    }
}

fn judge(step: &'static str, keys: &[(String, Vec<u8>)], count: u64) -> Outcome {
    let name = |key: &str| key.trim_start_matches(ALL).to_owned();
    let mut prefixes: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut clear = Vec::new();
    for (key, value) in keys {
        match Prefix::of(value) {
            Some(prefix) => prefixes.entry(prefix.to_string()).or_insert((0, name(key))).0 += 1,
            // As protocol buffers, or as JSON.
            None if value.starts_with(b"k8s\0") || value.starts_with(b"{") => clear.push(name(key)),
            None => {
                let reason = format!("the Secret `{}` is stored in a way that is not known", name(key));
                return Outcome::inconclusive(step, reason);
            }
        }
    }
    if let Some(first) = clear.first() {
        let reason =
            format!("{} of {count} Secrets stand in etcd in the clear, the first `{first}`", clear.len());
        return Outcome::refuted(step, reason);
    }
    if prefixes.len() > 1 {
        let parts: Vec<String> =
            prefixes.iter().map(|(prefix, (number, _))| format!("{number} by {prefix}")).collect();
        let reason = format!("Secrets are encrypted by different keys: {}", parts.join(", "));
        return Outcome::refuted(step, reason);
    }
    if keys.len() as u64 != count {
        let reason = format!("only {} of {count} Secrets were looked at", keys.len());
        return Outcome::inconclusive(step, reason).needs("a look at all values below `/registry/secrets/`");
    }
    match prefixes.into_iter().next() {
        Some((prefix, _)) => Outcome::proved(step, format!("all {count} Secrets are encrypted by {prefix}")),
        None => Outcome::inconclusive(step, "etcd holds no Secrets where Kubernetes keeps them"),
    }
}

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

#[cfg(test)]
mod tests {
    use seaworthy_probe::Verdict;

    use super::judge_key;

    #[test]
    fn the_key_in_use_is_that_of_the_newest() {
        let value = |key: &str| format!("k8s:enc:secretbox:v1:{key}:\u{1}\u{2}").into_bytes();
        let others = |keys: &[&str]| -> Vec<(String, Vec<u8>)> {
            keys.iter().map(|key| (format!("/registry/secrets/a/{key}"), value(key))).collect()
        };
        let newest = value("two");
        let judged =
            |others: &[(String, Vec<u8>)], count| judge_key("raw", Some(&newest), others, count).verdict;
        assert_eq!(judged(&others(&["two", "two"]), 2), Verdict::Proved);
        assert_eq!(judged(&others(&["one", "one"]), 2), Verdict::Refuted);
        assert_eq!(judged(&others(&["two", "one"]), 2), Verdict::Refuted);
        assert_eq!(judged(&[("/registry/secrets/a/b".to_owned(), b"k8s\0..".to_vec())], 1), Verdict::Refuted);
        // The same name of another provider.
        let other = [("/registry/secrets/a/b".to_owned(), b"k8s:enc:aescbc:v1:two:..".to_vec())];
        assert_eq!(judged(&other, 1), Verdict::Refuted);
        // Not all were read, or there is nothing to compare with.
        assert_eq!(judged(&others(&["two"]), 2), Verdict::Inconclusive);
        assert_eq!(judged(&[], 0), Verdict::Inconclusive);
        assert_eq!(judge_key("raw", None, &others(&["two"]), 1).verdict, Verdict::Inconclusive);
        let clear = judge_key("raw", Some(b"k8s\0.."), &others(&["two"]), 1);
        assert_eq!(clear.verdict, Verdict::Inconclusive);
    }
}
