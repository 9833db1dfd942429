//! Linkerd's policies: who needs no identity to come in.

use seaworthy_document::Value;
use seaworthy_evidence::{Evidence, Object, Place};

use crate::control::Severity;
use crate::mesh::membership;
use crate::scope::PodScope;
use crate::verdict::{Fault, Judged, Verdict};

/// The group of Linkerd's policy kinds.
pub(super) const GROUP: &str = "policy.linkerd.io";

/// The annotation, on pod or namespace, for ports that no Server selects.
const DEFAULT_POLICY: &str = "config.linkerd.io/default-inbound-policy";

/// What a policy asks of callers.
enum Asks {
    Identity,
    Nothing,
    Open,
}

fn asks(policy: &str) -> Asks {
    match policy {
        "all-authenticated" | "cluster-authenticated" | "deny" => Asks::Identity,
        "all-unauthenticated" | "cluster-unauthenticated" | "audit" => Asks::Nothing,
        _ => Asks::Open,
    }
}

fn weak(value: Value<'_>) -> Verdict<'_> {
    let key = value.key().map_or("", |key| key.text());
    let message = format!("`{key}: {}` lets callers in without mutual TLS", value.text());
    Verdict::fail(Fault::new(Place::at(value), message))
}

/// Judges a meshed pod by its default policy. One that it has from its namespace is judged there.
pub(super) fn default_policy<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let own = membership::mark(scope, "annotations", DEFAULT_POLICY);
    match membership::inherited(scope, DEFAULT_POLICY) {
        Some(policy) => match asks(policy.text()) {
            Asks::Identity => Verdict::Pass,
            Asks::Nothing if own.is_some() => weak(policy),
            Asks::Nothing => Verdict::NotApplicable,
            Asks::Open => {
                Verdict::unknown("the default policy is none that is known, or is filled in later", NEEDS)
            }
        },
        None => Verdict::unknown(
            "no default policy is set for this workload; that of the cluster decides, which is `all-unauthenticated` \
             unless Linkerd was installed with another",
            NEEDS,
        ),
    }
}

const NEEDS: &str =
    "the annotation `config.linkerd.io/default-inbound-policy`, or the settings of the installation";

type Judge<'a> = fn(&Object<'a>) -> Verdict<'a>;

/// Judges namespaces and policies that let in callers without mutual TLS.
pub(super) fn plaintext<'e, 'a>(evidence: &'e Evidence<'a>) -> Vec<Judged<'e, 'a>> {
    let mut judged = Vec::new();
    for namespace in evidence.of_kind("Namespace").filter(|object| object.is("", "Namespace")) {
        if let Some(policy) = namespace.value.at(&["metadata", "annotations", DEFAULT_POLICY]) {
            let verdict = match asks(policy.text()) {
                Asks::Identity => Verdict::Pass,
                Asks::Nothing => weak(policy),
                Asks::Open => {
                    Verdict::unknown("the default policy is none that is known, or is filled in later", NEEDS)
                }
            };
            judged.push(Judged { object: namespace, verdict });
        }
    }
    let kinds: [(&str, Judge<'a>); 3] = [
        ("AuthorizationPolicy", authorization_policy),
        ("Server", server),
        ("ServerAuthorization", server_authorization),
    ];
    for (kind, judge) in kinds {
        for object in evidence.of_kind(kind).filter(|object| object.group() == GROUP) {
            judged.push(Judged { object, verdict: judge(object) });
        }
    }
    judged
}

/// Without `accessPolicy` a Server refuses whom no policy lets in.
fn server<'a>(object: &Object<'a>) -> Verdict<'a> {
    match object.value.at(&["spec", "accessPolicy"]) {
        None => Verdict::Pass,
        Some(policy) => match asks(policy.text()) {
            Asks::Identity => Verdict::Pass,
            Asks::Nothing => weak(policy),
            Asks::Open => {
                Verdict::unknown("`accessPolicy` is none that is known, or is filled in later", NEEDS)
            }
        },
    }
}

fn server_authorization<'a>(object: &Object<'a>) -> Verdict<'a> {
    let unauthenticated = object.value.at(&["spec", "client", "unauthenticated"]);
    match unauthenticated.filter(|value| value.as_bool() == Some(true)) {
        Some(value) => weak(value),
        None => Verdict::Pass,
    }
}

/// All references must hold; those to a mesh identity or a service account need mutual TLS, those to networks do not.
fn authorization_policy<'a>(object: &Object<'a>) -> Verdict<'a> {
    let Some(spec) = object.value.get("spec") else { return Verdict::NotApplicable };
    let Some(references) = spec.get("requiredAuthenticationRefs") else {
        return Verdict::unknown("`requiredAuthenticationRefs` is missing", "the object as it is applied");
    };
    let mut kinds = references.items().filter_map(|reference| reference.get("kind"));
    if kinds.any(|kind| matches!(kind.text(), "MeshTLSAuthentication" | "ServiceAccount")) {
        return Verdict::Pass;
    }
    let message = "`requiredAuthenticationRefs` asks for no identity: callers come in without mutual TLS";
    Verdict::fail(Fault::new(Place::at(references), message).graded(Severity::Medium))
}
