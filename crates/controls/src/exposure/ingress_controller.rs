//! `exposure/ingress-controller`; prose and cases in `ingress_controller.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::account_rights;
use crate::exposure::arguments;
use crate::exposure::controllers::{self, Running, Support};
use crate::scope::{ObjectScope, PodScope};
use crate::verdict::{Fault, Verdict};

/// Ends of the annotations that put raw configuration into a proxy, with the prefixes of ingress-nginx and of the
/// controller of F5.
const SNIPPETS: &[(&str, &str)] =
    &[("nginx.ingress.kubernetes.io/", "-snippet"), ("nginx.org/", "-snippets")];

pub(super) static CONTROL: Control = Control {
    id: "exposure/ingress-controller",
    title: "Ingress controllers are supported and refuse snippets",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::INGRESS_CONTROLLERS,
    page: include_str!("ingress_controller.md"),
    mappings: Mappings {
        nsa: &["netpol"],
        attack: &["MS-TA9004", "T1190"],
        kubescape: &["C-0059", "C-0292"],
        trivy: &["KCV-0093"],
        checkov: &["CKV_K8S_152", "CKV_K8S_153", "CKV_K8S_154"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Pod(pod),
        Check::Reads(closed_world::SERVICES),
        Check::Object { kinds: &[("", "ConfigMap")], check: config_map },
        Check::Object {
            kinds: &[("networking.k8s.io", "Ingress"), ("extensions", "Ingress")],
            check: ingress,
        },
    ]),
    guard: None,
    probes: &[],
};

fn pod<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let Some(running) = controllers::of_pod(scope.pod()) else { return Verdict::NotApplicable };
    let image = running.container.value().get("image").unwrap_or(running.container.value());
    let mut faults = Vec::new();
    let mut undecided = None;
    match running.support() {
        Support::Ended(why) => {
            let known = known_hole(&running);
            let message = format!("{}: {why}{}", running.controller.name, known.unwrap_or(""));
            let severity = if known.is_some() { Severity::Critical } else { Severity::High };
            faults.push(Fault::new(Place::at(image), message).graded(severity));
        }
        Support::NotJudged if account_rights::of_pod(scope).is_none() => return Verdict::NotApplicable,
        Support::NotJudged => {}
        Support::Open(reason) => undecided = Some(reason),
    }
    if let Some(at) = arguments::switched_on(running.container, "enable-snippets") {
        let message = "`-enable-snippets`: whoever writes Ingresses configures the proxy of everybody";
        faults.push(Fault::new(Place::at(at), message));
    }
    if let Some(granted) = account_rights::of_pod(scope) {
        let spec = scope.pod().spec();
        let place =
            spec.get("serviceAccountName").map_or(Place::missing(spec, "serviceAccountName"), Place::at);
        let message = format!(
            "its account reads the Secrets of every namespace, by ClusterRoleBinding `{}`: a hole in the controller \
             opens them all",
            granted.binding
        );
        faults.push(Fault::new(place, message).graded(Severity::Medium));
    }
    let faults: Vec<Fault<'a>> =
        faults.into_iter().map(|fault: Fault<'a>| fault.in_container(running.container.name())).collect();
    match undecided {
        Some(reason) if faults.is_empty() => {
            Verdict::unknown(reason, "the release in use, and the support policy of the project")
        }
        _ => Verdict::of(faults),
    }
}

/// CVE-2025-1974: whoever reaches the admission webhook runs code in the controller; cured in 1.11.5 and 1.12.1.
fn known_hole(running: &Running<'_>) -> Option<&'static str> {
    let release = running.release.filter(|_| running.is_ingress_nginx())?;
    let open = release < (1, 11, 5) || release == (1, 12, 0);
    let listens = arguments::flag(running.container, "validating-webhook").is_some();
    (open && listens).then_some("; any pod that reaches its webhook runs code in it (CVE-2025-1974)")
}

fn config_map<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(data) = scope.object.value.get("data") else { return Verdict::NotApplicable };
    // The key is known to no other program.
    let Some(allowed) = data.get("allow-snippet-annotations") else { return Verdict::NotApplicable };
    match allowed.text() {
        "true" => {
            let message = "`allow-snippet-annotations: true`: whoever writes Ingresses configures the proxy of \
                           everybody, and reads what it can read";
            Verdict::fail(Fault::new(Place::at(allowed), message))
        }
        "false" => Verdict::Pass,
        _ => Verdict::unknown(
            "`allow-snippet-annotations` is neither `true` nor `false`",
            "the ConfigMap as it is applied",
        ),
    }
}

fn ingress<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let annotations = scope.object.value.at(&["metadata", "annotations"]);
    let is_snippet =
        |key: &str| SNIPPETS.iter().any(|(start, end)| key.starts_with(start) && key.ends_with(end));
    let snippets = annotations
        .iter()
        .flat_map(Value::entries)
        .filter(|(key, value)| is_snippet(key.text()) && !value.is_null() && !value.text().trim().is_empty());
    let faults: Vec<Fault<'a>> = snippets
        .map(|(key, value)| {
            let message = format!("`{}` puts raw configuration into the proxy of everybody", key.text());
            Fault::new(Place::at(value), message).graded(Severity::Medium)
        })
        .collect();
    // An Ingress without snippets says nothing about its controller.
    if faults.is_empty() { Verdict::NotApplicable } else { Verdict::Fail(faults) }
}
