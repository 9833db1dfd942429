//! `images/registry-credentials`; prose and cases in `registry_credentials.md`.

use seaworthy_document::{Stream, Value};
use seaworthy_evidence::{Found, Object, Place};
use seaworthy_podsecurity::Pod;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::secrets::{base64, credentials};
use crate::verdict::{Fault, Verdict};

/// Types of Secrets that the kubelet takes registry credentials from, and the entry in each.
const PULL_SECRETS: [(&str, &str); 2] =
    [("kubernetes.io/dockerconfigjson", ".dockerconfigjson"), ("kubernetes.io/dockercfg", ".dockercfg")];

const KINDS: &[(&str, &str)] = &[
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("", "Pod"),
    ("", "PodTemplate"),
    ("", "ReplicationController"),
    ("apps", "Deployment"),
    ("apps", "DaemonSet"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "Job"),
    ("batch", "CronJob"),
];

pub(super) static CONTROL: Control = Control {
    id: "images/registry-credentials",
    title: "Registry pull credentials are narrow and present where needed",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::REGISTRY_CREDENTIALS,
    page: include_str!("registry_credentials.md"),
    mappings: Mappings {
        nsa: &["images"],
        attack: &["MS-TA9037", "T1530", "T1552"],
        kubescape: &["C-0243", "C-0250", "C-0251", "C-0308"],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Object { kinds: KINDS, check }, Check::Reads(closed_world::SECRETS)]),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    match scope.object.kind {
        "Secret" => judge_secret(scope),
        "ServiceAccount" => judge_references(scope, scope.object.value.get("imagePullSecrets")),
        _ => {
            let pod = Pod::from_object(scope.object.value);
            judge_references(scope, pod.and_then(|pod| pod.spec().get("imagePullSecrets")))
        }
    }
}

/// Whether the Secrets that are named exist and are of a type that the kubelet reads.
fn judge_references<'a>(scope: &ObjectScope<'_, 'a>, list: Option<Value<'a>>) -> Verdict<'a> {
    let mut faults = Vec::new();
    let mut undeclared = false;
    let mut any = false;
    for reference in list.iter().flat_map(Value::items) {
        let Some(name) = reference.get("name").and_then(|name| name.as_str()) else { continue };
        any = true;
        match scope.around.evidence.named("Secret", name, scope.object) {
            Found::One(secret) if entry_of(secret).is_none() => {
                faults.push(Fault::new(
                    Place::at(reference),
                    format!("Secret `{name}` is not of a type that holds registry credentials"),
                ));
            }
            Found::One(_) => {}
            Found::None if scope.around.has_all("", "Secret", scope.object.namespace) => {
                let message =
                    format!("there is no Secret `{name}`: images are pulled without it, or not at all");
                faults.push(Fault::new(Place::at(reference), message).graded(Severity::Low));
            }
            Found::None | Found::Several => undeclared = true,
        }
    }
    match (faults.is_empty(), any, undeclared) {
        (false, ..) => Verdict::Fail(faults),
        (_, false, _) => Verdict::NotApplicable,
        (_, _, true) => Verdict::unknown(
            "a pull Secret that is named is not among the files, or several could be meant",
            "the Secrets of the cluster, by name and type",
        ),
        _ => Verdict::Pass,
    }
}

fn entry_of(secret: &Object<'_>) -> Option<&'static str> {
    let kind = secret.value.get("type")?.as_str()?;
    PULL_SECRETS.iter().find(|(name, _)| *name == kind).map(|(_, entry)| *entry)
}

/// Whose account a registry credential is, as far as its user name tells.
fn judge_secret<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let secret = scope.object;
    const NEEDS: &str = "what the registry lets this account do";
    let Some(entry) = entry_of(secret) else { return Verdict::NotApplicable };
    let plain = secret.value.at(&["stringData", entry]);
    let Some(value) = plain.or_else(|| secret.value.at(&["data", entry])) else {
        if scope.around.is_live() {
            return Verdict::unknown("values of Secrets are not read from clusters", NEEDS);
        }
        return Verdict::NotApplicable;
    };
    let decoded = match plain {
        Some(value) => Some(value.text().to_owned()),
        None => base64::decode(value.text()).and_then(|bytes| String::from_utf8(bytes).ok()),
    };
    let Some(text) = decoded.filter(|text| !credentials::is_placeholder(text)) else {
        return Verdict::unknown("the registry credentials are filled in later or encrypted", NEEDS);
    };
    let stream = Stream::read(text);
    let Some(root) = stream.documents().next().map(|document| document.root()) else {
        return Verdict::unknown("the registry credentials cannot be read", NEEDS);
    };
    let registries: Vec<_> = root.get("auths").unwrap_or(root).entries().collect();
    let mut users = registries.iter().map(|(_, login)| user_of(login));
    if users.clone().any(|user| is_wide(&user)) {
        let message = "by its user name, an account in it is a person's or an administrator's";
        return Verdict::fail(Fault::new(Place::at(value), message));
    }
    if !registries.is_empty() && users.all(|user| is_machine(&user)) {
        return Verdict::Pass;
    }
    Verdict::unknown("a user name does not tell what its registry credentials allow", NEEDS)
}

/// The user name of an entry of `auths`.
fn user_of(login: &Value<'_>) -> String {
    let named = login.get("username").and_then(|user| user.as_str()).map(str::to_owned);
    let encoded = || {
        let bytes = base64::decode(login.get("auth")?.as_str()?)?;
        Some(String::from_utf8(bytes).ok()?.split_once(':')?.0.to_owned())
    };
    named.or_else(encoded).unwrap_or_default().to_ascii_lowercase()
}

/// Whether a user name is that of a person (an address) or of an administrator.
fn is_wide(user: &str) -> bool {
    let person = user.contains('@') && !user.ends_with(".gserviceaccount.com");
    person
        || user
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| matches!(word, "admin" | "administrator" | "root" | "owner"))
}

/// Whether a user name is one that registries give to machines: robots of Harbor and Quay, tokens of GitLab, Azure,
/// AWS and Google.
fn is_machine(user: &str) -> bool {
    ["robot", "deploy-token", "pull", "readonly", "read-only"].iter().any(|mark| user.contains(mark))
        || matches!(
            user,
            "aws"
                | "_json_key"
                | "_json_key_base64"
                | "oauth2accesstoken"
                | "00000000-0000-0000-0000-000000000000"
        )
        || user.ends_with(".gserviceaccount.com")
}
