//! Entries that ask who one is, or answer only some addresses, by their annotations.

use seaworthy_evidence::Object;

/// Annotations of Ingresses by which the controller authenticates callers. An empty list takes every value.
const AUTHENTICATION: &[(&str, &[&str])] = &[
    ("alb.ingress.kubernetes.io/auth-type", &["cognito", "oidc"]),
    ("haproxy.org/auth-type", &["basic-auth"]),
    ("haproxy-ingress.github.io/auth-url", &[]),
    ("haproxy-ingress.github.io/oauth", &[]),
    ("ingress.kubernetes.io/auth-type", &["basic", "forward"]),
    ("nginx.ingress.kubernetes.io/auth-secret", &[]),
    ("nginx.ingress.kubernetes.io/auth-tls-secret", &[]),
    ("nginx.ingress.kubernetes.io/auth-url", &[]),
    ("nginx.org/basic-auth-secret", &[]),
    ("nginx.org/jwt-key", &[]),
];

/// Annotations of Ingresses that bound the addresses of callers.
const SOURCES: &[&str] = &[
    "alb.ingress.kubernetes.io/inbound-cidrs",
    "haproxy.org/allow-list",
    "haproxy.org/whitelist",
    "nginx.ingress.kubernetes.io/allowlist-source-range",
    "nginx.ingress.kubernetes.io/whitelist-source-range",
];

/// The annotation by which an entry authenticates its callers.
pub(super) fn authenticated(entry: &Object<'_>) -> Option<&'static str> {
    let found = AUTHENTICATION.iter().find(|(key, values)| {
        entry
            .annotation(key)
            .is_some_and(|value| !value.is_empty() && (values.is_empty() || values.contains(&value)))
    });
    found.map(|(key, _)| *key)
}

/// Why not everybody gets through an entry, when that is so.
pub(super) fn narrowed(entry: &Object<'_>) -> Option<&'static str> {
    if authenticated(entry).is_some() {
        // Either the allowed addresses or a login.
        return Some("the entry asks for a login");
    }
    let bounded = SOURCES
        .iter()
        .filter_map(|key| entry.annotation(key))
        .any(|ranges| !ranges.is_empty() && !ranges.split(',').any(|range| range.trim().ends_with("/0")));
    if bounded {
        return Some("the entry bounds the addresses of callers");
    }
    (entry.annotation("alb.ingress.kubernetes.io/scheme") == Some("internal"))
        .then_some("the balancer is internal")
}
