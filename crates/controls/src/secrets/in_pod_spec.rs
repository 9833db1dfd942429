//! `secrets/in-pod-spec`; prose and cases in `in_pod_spec.md`.

use std::borrow::Cow;

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_podsecurity::Container;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::secrets::credentials;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "secrets/in-pod-spec",
    title: "No credential literals in env, command or args",
    phase: Phase::QuickWin,
    step: 6,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::CREDENTIALS,
    page: include_str!("in_pod_spec.md"),
    mappings: Mappings {
        nsa: &["secrets"],
        attack: &["MS-TA9027", "T1552"],
        kubescape: &["C-0012"],
        trivy: &["KSV-0109"],
        kube_linter: &["env-var-secret"],
        polaris: &["sensitiveContainerEnvVar"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let pod = scope.pod();
    let annotations = pod
        .annotations()
        .filter_map(|(key, value)| fault(value, credentials::describe(key.text(), value.text())));
    let containers = pod.containers().flat_map(|container| {
        in_container(&container).into_iter().map(move |fault| fault.in_container(container.name()))
    });
    Verdict::of(annotations.chain(containers).collect())
}

fn fault<'a>(value: Value<'a>, message: Option<Cow<'static, str>>) -> Option<Fault<'a>> {
    message.map(|message| Fault::new(Place::at(value), message))
}

fn in_container<'a>(container: &Container<'a>) -> Vec<Fault<'a>> {
    let container = container.value();
    let mut faults = Vec::new();
    for variable in container.get("env").iter().flat_map(Value::items) {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            faults.extend(fault(value, credentials::describe(name.text(), value.text())));
        }
    }
    let at = |path: &[&str]| container.at(path);
    faults.extend(in_words([at(&["command"]), at(&["args"])]));
    for hook in [
        &["lifecycle", "postStart"][..],
        &["lifecycle", "preStop"],
        &["livenessProbe"],
        &["readinessProbe"],
        &["startupProbe"],
    ] {
        let Some(handler) = container.at(hook) else { continue };
        faults.extend(in_words([handler.at(&["exec", "command"]), None]));
        for header in handler.at(&["httpGet", "httpHeaders"]).iter().flat_map(Value::items) {
            if let (Some(name), Some(value)) = (header.get("name"), header.get("value")) {
                faults.extend(fault(value, credentials::describe(name.text(), value.text())));
            }
        }
    }
    faults
}

/// The words of a command line; a flag may name the credential that is the next word.
fn in_words<'a>(lists: [Option<Value<'a>>; 2]) -> Vec<Fault<'a>> {
    let words: Vec<Value<'a>> = lists.iter().flatten().flat_map(Value::items).collect();
    let mut faults = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let flag =
            index.checked_sub(1).map(|before| words[before].text()).filter(|before| before.starts_with('-'));
        let flagged = flag.filter(|flag| !flag.contains(['=', ' ']) && !word.text().starts_with('-'));
        let named = flagged.and_then(|flag| {
            let what = credentials::under_name(flag, word.text())?;
            Some(format!("`{flag}` is given {what} in the clear").into())
        });
        let inside = || {
            let sign = *credentials::in_text(word.text(), false).first()?;
            let what = sign.what;
            Some(match sign.name {
                Some(name) => format!("`{name}` is set to {what} in the clear").into(),
                None => format!("the command line holds {what}").into(),
            })
        };
        faults.extend(fault(*word, named.or_else(inside)));
    }
    faults
}
