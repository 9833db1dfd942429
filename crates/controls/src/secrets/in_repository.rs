//! `secrets/in-repository`; prose and cases in `in_repository.md`.

use std::borrow::Cow;

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::secrets::{base64, credentials};
use crate::verdict::{Fault, Verdict};

const KINDS: &[(&str, &str)] = &[
    ("", "Secret"),
    ("bitnami.com", "SealedSecret"),
    ("external-secrets.io", "ExternalSecret"),
    ("kustomize.config.k8s.io", "Kustomization"),
];

pub(super) static CONTROL: Control = Control {
    id: "secrets/in-repository",
    title: "Secret manifests with plain data are not kept in files",
    phase: Phase::QuickWin,
    step: 6,
    severity: Severity::High,
    scopes: &[Scope::Manifests],
    change: &change::CREDENTIALS,
    page: include_str!("in_repository.md"),
    mappings: Mappings {
        nsa: &["secrets"],
        attack: &["MS-TA9027", "T1552.001"],
        kubescape: &["C-0012"],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: KINDS, check },
    guard: None,
    probes: &[],
};

/// What an entry of a Secret is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Content {
    /// Nothing, a placeholder, a ciphertext, or what everybody may know.
    Harmless,
    /// A user name or an address, which is no secret but often stands beside one.
    Identity,
    /// Nothing that was recognised as a credential.
    Unrecognised,
    Credential,
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let secret = scope.object.value;
    match scope.object.kind {
        // Where a Secret of a cluster comes from, its object does not tell.
        "Secret" if scope.around.is_live() => return Verdict::NotApplicable,
        "Secret" => {}
        "Kustomization" => return judge_generators(secret),
        _ => return Verdict::Pass, // sealed, or kept elsewhere
    }
    let entries = ["data", "stringData"].into_iter().flat_map(|field| {
        let entries = secret.get(field).into_iter().flat_map(|map| map.entries());
        entries.map(move |(key, value)| (key.text(), value, content(key.text(), value, field == "data")))
    });
    let entries: Vec<(&str, Value<'a>, Content)> = entries.collect();
    let is_token =
        secret.get("type").is_some_and(|kind| kind.text() == "kubernetes.io/service-account-token");
    if entries.is_empty() && is_token {
        return Verdict::NotApplicable; // the token controller fills it in
    }
    let Some(worst) =
        entries.iter().map(|(.., content)| *content).max().filter(|worst| *worst > Content::Harmless)
    else {
        return Verdict::Pass;
    };
    let concerned: Vec<_> = entries.iter().filter(|(.., content)| *content == worst).collect();
    let (first, value, _) = concerned[0];
    let more = match concerned.len() - 1 {
        0 => String::new(),
        1 => " and 1 more entry".to_owned(),
        more => format!(" and {more} more entries"),
    };
    let place = Place::at(*value);
    Verdict::fail(match worst {
        Content::Credential => {
            Fault::new(place, format!("`{first}`{more} can be read by whoever reads this file"))
        }
        Content::Identity => {
            Fault::new(place, format!("`{first}`{more} in the clear; user names and addresses only"))
                .graded(Severity::Low)
        }
        _ => {
            Fault::new(place, format!("`{first}`{more} in the clear; nothing in it looks like a credential"))
                .graded(Severity::Medium)
        }
    })
}

/// Judges the literals of the `secretGenerator` of a kustomization.
fn judge_generators<'a>(kustomization: Value<'a>) -> Verdict<'a> {
    let generators: Vec<_> = kustomization.get("secretGenerator").iter().flat_map(Value::items).collect();
    let literals = generators
        .iter()
        .filter_map(|generator| generator.get("literals"))
        .flat_map(|literals| literals.items());
    let faults: Vec<_> = literals
        .filter_map(|literal| {
            let (key, text) = literal.as_str()?.split_once('=')?;
            let message = format!("`{key}` can be read by whoever reads this file");
            (classify(key, text) != Content::Harmless).then(|| Fault::new(Place::at(literal), message))
        })
        .collect();
    if generators.is_empty() { Verdict::NotApplicable } else { Verdict::of(faults) }
}

fn content(key: &str, value: Value<'_>, encoded: bool) -> Content {
    let text = value.text();
    if text.starts_with("ENC[") && text.ends_with(']') {
        return Content::Harmless;
    }
    let decoded =
        if encoded { base64::decode(text).map(Cow::Owned) } else { Some(Cow::Borrowed(text.as_bytes())) };
    // What is no base64 under `data` was put there in the clear by mistake.
    let bytes = decoded.unwrap_or(Cow::Borrowed(text.as_bytes()));
    // Key stores and tickets are binary.
    std::str::from_utf8(&bytes).map_or(Content::Credential, |text| classify(key, text))
}

fn classify(key: &str, text: &str) -> Content {
    const KEYS: &[&str] = &["tls.key", "ssh-privatekey", ".dockerconfigjson", ".dockercfg"];
    const IDENTITIES: &[&str] = &[
        "username", "user", "login", "email", "host", "hostname", "port", "database", "dbname", "region",
        "bucket", "endpoint",
    ];
    let trimmed = text.trim();
    // A placeholder in one line says nothing about the others, nor one in an address about the rest of it.
    if credentials::describe(key, text).is_some() {
        return Content::Credential;
    }
    let one_line = !trimmed.contains('\n');
    let elsewhere = credentials::is_placeholder(trimmed) || credentials::is_reference(trimmed);
    if trimmed.is_empty() || (one_line && elsewhere) || is_public(trimmed) {
        return Content::Harmless;
    }
    let named = KEYS.contains(&key) || credentials::announces_credential(key);
    if named || credentials::looks_like_key(trimmed) {
        return Content::Credential;
    }
    match IDENTITIES.contains(&key.to_ascii_lowercase().as_str()) {
        true => Content::Identity,
        false => Content::Unrecognised,
    }
}

/// Certificates and public keys and nothing else.
fn is_public(text: &str) -> bool {
    let public = [
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        "ssh-rsa ",
        "ssh-ed25519 ",
        "ecdsa-sha2-",
    ];
    public.iter().any(|start| text.starts_with(start)) && !text.contains("PRIVATE KEY")
}
