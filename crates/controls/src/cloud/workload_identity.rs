//! `cloud/workload-identity`; prose and cases in `workload_identity.md`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use seaworthy_document::{Value, decode_base64};
use seaworthy_evidence::Place;
use seaworthy_podsecurity::{Container, Pod};

use super::static_keys::{self, Provider};
use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::{ObjectScope, PodScope};
use crate::secrets::credentials::is_placeholder;
use crate::verdict::{Fault, Verdict};

const AWS_ROLE: &str = "eks.amazonaws.com/role-arn";
const GOOGLE_ACCOUNT: &str = "iam.gke.io/gcp-service-account";
const AZURE_CLIENT: &str = "azure.workload.identity/client-id";

pub(super) static CONTROL: Control = Control {
    id: "cloud/workload-identity",
    title: "Pods reach cloud services with their own narrow identity",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::CLOUD_SETTINGS,
    page: include_str!("workload_identity.md"),
    mappings: Mappings {
        nsa: &["sa-token"],
        attack: &["MS-TA9020", "MS-TA9026", "MS-TA9028", "T1078.004"],
        kubescape: &["C-0020", "C-0225"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Pod(judge_pod),
        Check::Reads(closed_world::ACCOUNTS),
        Check::Object { kinds: &[("", "Secret")], check: judge_secret },
        Check::Object { kinds: &[("", "ServiceAccount")], check: judge_account },
    ]),
    guard: None,
    probes: &[],
};

fn judge_pod<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let pod = scope.pod();
    let mut faults = Vec::new();
    for container in pod.containers() {
        faults.extend(keys_of(pod, &container).into_iter().map(|fault| fault.in_container(container.name())));
    }
    for volume in pod.volumes() {
        if let Some(path) = volume.at(&["hostPath", "path"])
            && let Some(provider) = static_keys::at_host_path(path.text())
        {
            let message = format!(
                "`{}` of the node holds {}: use {}",
                path.text(),
                provider.key(),
                provider.identity()
            );
            faults.push(Fault::new(Place::at(path), message));
        }
    }
    let annotations =
        pod.annotations().filter(|(key, value)| key.text() == "iam.amazonaws.com/role" && !value.is_null());
    faults.extend(annotations.map(|(_, value)| {
        let message = "`iam.amazonaws.com/role`: an agent on the node hands out the role by the address of the pod: use a role for the service account";
        Fault::new(Place::at(value), message).graded(Severity::Medium)
    }));
    let binding = pod.metadata().and_then(|metadata| metadata.at(&["labels", "aadpodidbinding"]));
    faults.extend(binding.map(|value| {
        let message = "`aadpodidbinding`: pod identity of Azure AD is no longer maintained: use Azure workload identity";
        Fault::new(Place::at(value), message).graded(Severity::Medium)
    }));
    if faults.is_empty() { Verdict::NotApplicable } else { Verdict::Fail(faults) }
}

/// The keys that a container is given, one fault for each provider.
fn keys_of<'a>(pod: &Pod<'a>, container: &Container<'a>) -> Vec<Fault<'a>> {
    let variables = || container.value().get("env").into_iter().flat_map(|env| env.items());
    let named = |variable: &Value<'a>| variable.get("name").map_or("", |name| name.text());
    // Other stores speak the language of S3 and are given keys of their own under the names of AWS.
    let elsewhere = variables().any(|variable| {
        let name = named(&variable);
        name.contains("ENDPOINT") || name.contains("MINIO")
    }) || mentions_endpoint(container);
    // Of variables with one name the last counts.
    let file = variables().filter(|variable| named(variable) == "GOOGLE_APPLICATION_CREDENTIALS").last();
    let file = file.filter(|variable| is_in_secret(pod, container, variable));
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for variable in variables() {
        let name = named(&variable);
        let provider = match static_keys::under_name(name) {
            Some(provider) => provider,
            None if file == Some(variable) => Provider::Google,
            None => continue,
        };
        if (provider == Provider::Aws && elsewhere) || !is_given(&variable) || !seen.insert(provider) {
            continue;
        }
        let message =
            format!("`{name}`: {}, which does not expire: use {}", provider.key(), provider.identity());
        let place =
            Place::at(variable.get("value").or_else(|| variable.get("valueFrom")).unwrap_or(variable));
        faults.push(Fault::new(place, message));
    }
    faults
}

/// Whether a variable has a value: one that is empty switches something off.
fn is_given(variable: &Value<'_>) -> bool {
    match variable.get("value") {
        Some(value) => !value.text().is_empty(),
        None => variable.get("valueFrom").is_some(),
    }
}

fn mentions_endpoint(container: &Container<'_>) -> bool {
    let words = ["command", "args"].iter().filter_map(|list| container.value().get(list));
    words.flat_map(|list| list.items()).any(|word| word.text().contains("endpoint"))
}

/// Whether the path that a variable names lies in a Secret that the container mounts. In a ConfigMap or a projected
/// volume it describes a federated identity instead.
fn is_in_secret(pod: &Pod<'_>, container: &Container<'_>, variable: &Value<'_>) -> bool {
    let Some(path) = variable.get("value") else { return false };
    let mounts = container.value().get("volumeMounts").into_iter().flat_map(|mounts| mounts.items());
    let above = mounts.filter(|mount| {
        let at = mount.get("mountPath").map_or("", |at| at.text()).trim_end_matches('/');
        path.text().strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let names: BTreeSet<&str> = above.filter_map(|mount| mount.get("name")?.as_str()).collect();
    pod.volumes().any(|volume| {
        volume.get("secret").is_some() && volume.get("name").is_some_and(|name| names.contains(name.text()))
    })
}

fn judge_secret<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let secret = scope.object.value;
    let entries = |field| secret.get(field).into_iter().flat_map(|map: Value<'a>| map.entries());
    let decoded = |text: &'a str| match decode_base64(text) {
        Some(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        None => Cow::Borrowed(""),
    };
    let plain = entries("stringData").map(|(key, value)| (key, value, Cow::Borrowed(value.text())));
    let encoded = entries("data").map(|(key, value)| (key, value, decoded(value.text())));
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for (key, value, text) in plain.chain(encoded) {
        if text.trim().is_empty() {
            continue;
        }
        let by_shape = static_keys::in_text(&text);
        let by_name = static_keys::under_name(key.text()).filter(|_| !is_placeholder(&text));
        let Some(provider) = by_shape.or(by_name).filter(|provider| seen.insert(*provider)) else { continue };
        let message = format!(
            "`{}` holds {}, which does not expire: use {}",
            key.text(),
            provider.key(),
            provider.identity()
        );
        let fault = Fault::new(Place::at(value), message);
        // A name alone may stand for a key of another store.
        faults.push(if by_shape.is_some() { fault } else { fault.graded(Severity::Medium) });
    }
    if faults.is_empty() { Verdict::NotApplicable } else { Verdict::Fail(faults) }
}

fn judge_account<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let account = scope.object;
    let annotations = account.value.at(&["metadata", "annotations"]);
    let of = |key: &str| annotations.and_then(|annotations| annotations.get(key));
    let given = [AWS_ROLE, GOOGLE_ACCOUNT, AZURE_CLIENT].into_iter().find_map(|key| Some((key, of(key)?)));
    let Some((key, value)) = given else { return Verdict::NotApplicable };
    let text = value.text();
    let mut faults = Vec::new();
    let fault = |message: String| Fault::new(Place::at(value), message).graded(Severity::Medium);
    if account.name == "default" {
        faults.push(fault(format!(
            "`{key}` on the account `default`: every pod of the namespace that names no account has this identity"
        )));
    }
    match key {
        GOOGLE_ACCOUNT if text.ends_with("-compute@developer.gserviceaccount.com") => {
            faults.push(fault("the default account of Compute Engine is shared by the whole project, and mostly an editor of it".to_owned()));
        }
        AWS_ROLE if text.ends_with(":root") => {
            faults.push(fault(
                "the ARN of an account is no role: give the workload a role of its own".to_owned(),
            ));
        }
        _ => {}
    }
    if faults.is_empty() && is_placeholder(text) && key != AZURE_CLIENT {
        return Verdict::unknown("the identity is filled in later", "the rendered ServiceAccount");
    }
    Verdict::of(faults)
}
