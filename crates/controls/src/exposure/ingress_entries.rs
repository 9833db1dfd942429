//! TLS of Ingresses.

use rustc_hash::FxHashSet;
use seaworthy_document::Value;
use seaworthy_evidence::{Found, Object, Place};

use crate::control::Severity;
use crate::flags::is_placeholder;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// Annotations by which a controller serves TLS without `spec.tls`, each with a part of its value that says so.
const ELSEWHERE: &[(&str, &str)] = &[
    ("alb.ingress.kubernetes.io/certificate-arn", ""),
    ("alb.ingress.kubernetes.io/listen-ports", "HTTPS"),
    ("ingress.gcp.kubernetes.io/pre-shared-cert", ""),
    ("networking.gke.io/managed-certificates", ""),
    ("nginx.ingress.kubernetes.io/ssl-passthrough", "true"),
    ("route.openshift.io/termination", ""),
    ("traefik.ingress.kubernetes.io/router.tls", "true"),
];

/// Annotations that keep answering plain HTTP beside TLS.
const NO_REDIRECT: &[(&str, &str)] = &[
    ("haproxy.org/ssl-redirect", "false"),
    ("ingress.kubernetes.io/ssl-redirect", "false"),
    ("nginx.ingress.kubernetes.io/ssl-redirect", "false"),
];

/// Judges an Ingress.
pub(super) fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let ingress = scope.object;
    let Some(spec) = ingress.value.get("spec") else { return Verdict::NotApplicable };
    let Some(tls) = spec.get("tls").filter(|tls| !tls.is_sequence() || tls.items().next().is_some()) else {
        return without_tls(ingress, spec);
    };
    if !tls.is_sequence() {
        return Verdict::unknown("`tls` is no list, or is filled in later", "the manifest as it is applied");
    }
    let mut faults = Vec::new();
    let undecided = uncovered(spec, tls, &mut faults);
    faults.extend(tls.items().filter_map(|entry| empty_secret(scope, &entry)));
    for (key, value) in NO_REDIRECT {
        let at = ingress.value.at(&["metadata", "annotations", key]).filter(|found| found.text() == *value);
        let message = || format!("`{key}: {value}`: plain HTTP is answered as well");
        faults.extend(at.map(|at| Fault::new(Place::at(at), message()).graded(Severity::Low)));
    }
    match undecided {
        true if faults.is_empty() => Verdict::unknown(
            "hosts of `rules` and `tls` are filled in later",
            "the manifest as it is applied",
        ),
        _ => Verdict::of(faults),
    }
}

fn hosts<'a>(spec: Value<'a>) -> impl Iterator<Item = (Value<'a>, Option<Value<'a>>)> {
    let rules = spec.get("rules").into_iter().flat_map(|rules| rules.items());
    rules.map(|rule| (rule, rule.get("host").filter(|host| !host.text().is_empty())))
}

fn without_tls<'a>(ingress: &Object<'a>, spec: Value<'a>) -> Verdict<'a> {
    let elsewhere = ELSEWHERE.iter().any(|(key, part)| {
        ingress.annotation(key).is_some_and(|value| !value.is_empty() && value.contains(part))
    });
    if elsewhere {
        return Verdict::Pass;
    }
    let entry_points = ingress.annotation("traefik.ingress.kubernetes.io/router.entrypoints");
    if entry_points.is_some_and(|points| points.split(',').all(|point| point.trim() != "web")) {
        return Verdict::unknown(
            "an entry point of Traefik may serve TLS for all that come through it",
            "the static configuration of Traefik",
        );
    }
    let names: Vec<&str> = hosts(spec).filter_map(|(_, host)| host).take(3).map(|host| host.text()).collect();
    let what = if names.is_empty() { "every host".to_owned() } else { format!("`{}`", names.join("`, `")) };
    let issuer = ["cert-manager.io/cluster-issuer", "cert-manager.io/issuer"];
    let hint = match issuer.iter().any(|key| ingress.annotation(key).is_some()) {
        true => "; cert-manager issues nothing for an Ingress without `tls`",
        false => "",
    };
    let message = format!("`tls` is not set: {what} is served over plain HTTP{hint}");
    Verdict::fail(Fault::new(Place::missing(spec, "tls"), message))
}

/// Finds hosts of rules that no entry of `tls` covers; says whether something that is filled in later would decide.
fn uncovered<'a>(spec: Value<'a>, tls: Value<'a>, faults: &mut Vec<Fault<'a>>) -> bool {
    let mut covered = FxHashSet::default();
    for entry in tls.items() {
        let mut listed = entry.get("hosts").into_iter().flat_map(|hosts| hosts.items()).peekable();
        if listed.peek().is_none() {
            // Without hosts an entry is for all of them.
            return false;
        }
        covered.extend(listed.map(|host| host.text()));
    }
    let placeholder = covered.iter().any(|host| is_placeholder(host));
    let mut undecided = false;
    for (rule, host) in hosts(spec) {
        let Some(host) = host else {
            let message =
                "a rule without `host` answers for every name, those without a certificate included";
            faults.push(Fault::new(Place::missing(rule, "host"), message).graded(Severity::Low));
            continue;
        };
        let name = host.text();
        // A wildcard stands for one label.
        let wildcard = name.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        if covered.contains(name) || wildcard.is_some_and(|wildcard| covered.contains(wildcard.as_str())) {
            continue;
        }
        if placeholder || is_placeholder(name) {
            undecided = true;
            continue;
        }
        faults.push(Fault::new(
            Place::at(host),
            format!("no entry of `tls` covers `{name}`: it is served over plain HTTP"),
        ));
    }
    undecided
}

/// The Secret of an entry, when it is among the files and holds no certificate.
fn empty_secret<'a>(scope: &ObjectScope<'_, 'a>, entry: &Value<'a>) -> Option<Fault<'a>> {
    let name = entry.get("secretName")?;
    let secret = match scope.around.evidence.named("Secret", name.as_str()?, scope.object) {
        Found::One(secret) => secret,
        Found::None if scope.around.has_all("", "Secret", scope.object.namespace) => {
            let message =
                format!("there is no Secret `{}`: no certificate of these names is served", name.text());
            return Some(Fault::new(Place::at(name), message));
        }
        Found::None | Found::Several => return None,
    };
    // Values are not read from clusters; the API server refuses a Secret of this type without both.
    if scope.around.is_live() && ["data", "stringData"].iter().all(|part| secret.value.get(part).is_none()) {
        let kind = secret.value.get("type").map_or("Opaque", |kind| kind.text());
        let message = format!("Secret `{}` is of the type `{kind}`, not `kubernetes.io/tls`", name.text());
        return (kind != "kubernetes.io/tls")
            .then(|| Fault::new(Place::at(name), message).graded(Severity::Low));
    }
    let holds = |key: &str| {
        ["data", "stringData"]
            .iter()
            .any(|part| secret.value.at(&[part, key]).is_some_and(|value| !value.text().is_empty()))
    };
    if holds("tls.crt") && holds("tls.key") {
        return None;
    }
    let message = format!("Secret `{}` does not hold `tls.crt` and `tls.key`", name.text());
    Some(Fault::new(Place::at(name), message))
}
