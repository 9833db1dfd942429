//! Whom the rules of a mesh let in.

use seaworthy_document::Value;
use seaworthy_evidence::{Evidence, Object, Place};

use crate::control::Severity;
use crate::verdict::{Fault, Judged, Verdict};

/// Whom a rule of an ALLOW policy means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Callers {
    /// Those it names.
    Named,
    /// Whoever has an identity in the mesh.
    AnyIdentity,
    /// Everybody but those it names.
    AllBut,
    /// Everybody.
    Any,
}

/// Fields of a source that name callers.
const NAMES: &[&str] =
    &["principals", "requestPrincipals", "namespaces", "serviceAccounts", "ipBlocks", "remoteIpBlocks"];

/// Fields that match no plaintext (ISTIO-SECURITY-2021-004). Their negations match all of it.
const IDENTITIES: &[&str] = &["principals", "namespaces", "serviceAccounts"];

/// The rules of an AuthorizationPolicy of Istio.
pub(super) fn rules<'a>(spec: Value<'a>) -> impl Iterator<Item = Value<'a>> {
    spec.get("rules").into_iter().flat_map(|rules| rules.items())
}

fn sources<'a>(rule: Value<'a>) -> impl Iterator<Item = Option<Value<'a>>> {
    rule.get("from").into_iter().flat_map(|from| from.items()).map(|from| from.get("source"))
}

/// Whom a rule lets in. Sources add up, conditions narrow.
pub(super) fn of_rule(rule: Value<'_>) -> Callers {
    let conditions = rule.get("when");
    let named = conditions.iter().flat_map(Value::items).any(|condition| {
        let key = condition.get("key").map_or("", |key| key.text());
        let values = condition.get("values").is_some_and(|values| values.items().next().is_some());
        values && (key.starts_with("source.") || key.starts_with("request.auth.") || key == "remote.ip")
    });
    if named {
        return Callers::Named;
    }
    sources(rule).map(of_source).max().unwrap_or(Callers::Any)
}

fn of_source(source: Option<Value<'_>>) -> Callers {
    let Some(source) = source else { return Callers::Any };
    let mut least = None;
    for list in NAMES.iter().filter_map(|name| source.get(name)) {
        let mut items = list.items().peekable();
        if items.peek().is_none() {
            continue;
        }
        let callers =
            if items.any(|item| item.text() == "*") { Callers::AnyIdentity } else { Callers::Named };
        // All fields of a source must hold.
        least = Some(least.map_or(callers, |other: Callers| other.min(callers)));
    }
    let excludes = source.entries().any(|(key, value)| key.text().starts_with("not") && !value.is_null());
    least.unwrap_or(if excludes { Callers::AllBut } else { Callers::Any })
}

/// What in a rule matches no plaintext: a field of a source, or the key of a condition.
pub(super) fn identity(rule: Value<'_>) -> Option<Value<'_>> {
    let field = sources(rule).flatten().find_map(|source| IDENTITIES.iter().find_map(|key| source.get(key)));
    field.or_else(|| {
        let conditions = rule.get("when").into_iter().flat_map(|when| when.items());
        let with_values = conditions.filter(|condition| condition.get("values").is_some());
        let mut keys = with_values.filter_map(|condition| condition.get("key"));
        keys.find(|key| {
            matches!(key.text(), "source.principal" | "source.namespace" | "source.serviceAccount")
        })
    })
}

/// Judges policies of Linkerd that let in every identity.
pub(super) fn of_linkerd<'e, 'a>(evidence: &'e Evidence<'a>, group: &str) -> Vec<Judged<'e, 'a>> {
    let kinds: [(&str, &[&str]); 2] = [
        ("MeshTLSAuthentication", &["spec", "identities"]),
        ("ServerAuthorization", &["spec", "client", "meshTLS", "identities"]),
    ];
    let mut judged = Vec::new();
    for (kind, path) in kinds {
        for object in evidence.of_kind(kind).filter(|object| object.group() == group) {
            judged.push(Judged { object, verdict: identities(object, path) });
        }
    }
    judged
}

fn identities<'a>(object: &Object<'a>, path: &[&str]) -> Verdict<'a> {
    let unauthenticated = object.value.at(&["spec", "client", "meshTLS", "unauthenticatedTLS"]);
    if let Some(value) = unauthenticated.filter(|value| value.as_bool() == Some(true)) {
        let message = "`unauthenticatedTLS: true` lets callers in whose identity nobody has checked";
        return Verdict::fail(Fault::new(Place::at(value), message));
    }
    let list = object.value.at(path);
    match list.iter().flat_map(Value::items).find(|identity| identity.text() == "*") {
        Some(all) => {
            let message = "`identities: [\"*\"]` lets in every identity of the mesh";
            Verdict::fail(Fault::new(Place::at(all), message).graded(Severity::Low))
        }
        None => Verdict::Pass,
    }
}
