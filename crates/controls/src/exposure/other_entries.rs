//! TLS of entries that are neither Ingress nor Gateway API.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::control::Severity;
use crate::flags::is_placeholder;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// A Route of OpenShift: without `tls` it is plain HTTP.
pub(super) fn openshift_route<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(spec) = scope.object.value.get("spec") else { return Verdict::NotApplicable };
    let Some(tls) = spec.get("tls") else {
        return Verdict::fail(Fault::new(
            Place::missing(spec, "tls"),
            "`tls` is not set: the Route is plain HTTP",
        ));
    };
    match tls.get("insecureEdgeTerminationPolicy").filter(|policy| policy.text() == "Allow") {
        Some(policy) => {
            let message = "`insecureEdgeTerminationPolicy: Allow`: plain HTTP is answered as well";
            Verdict::fail(Fault::new(Place::at(policy), message).graded(Severity::Low))
        }
        None => Verdict::Pass,
    }
}

/// A Gateway of Istio: servers that speak HTTP must redirect.
pub(super) fn istio_gateway<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let servers = scope.object.value.at(&["spec", "servers"]);
    let mut faults = Vec::new();
    let mut concerned = false;
    for server in servers.iter().flat_map(Value::items) {
        let Some(protocol) = server.at(&["port", "protocol"]) else { continue };
        match protocol.text().to_ascii_uppercase().as_str() {
            "HTTP" | "HTTP2" | "GRPC" => {}
            "HTTPS" | "TLS" => {
                concerned = true;
                continue;
            }
            text if is_placeholder(text) => {
                return Verdict::unknown(
                    "the protocol of a server is filled in later",
                    "the manifest as it is applied",
                );
            }
            _ => continue,
        }
        concerned = true;
        let redirects =
            server.at(&["tls", "httpsRedirect"]).is_some_and(|value| value.as_bool() == Some(true));
        if !redirects {
            let message = format!("`protocol: {}` without `tls.httpsRedirect: true`", protocol.text());
            faults.push(Fault::new(Place::at(protocol), message));
        }
    }
    if concerned { Verdict::of(faults) } else { Verdict::NotApplicable }
}

/// An IngressRoute of Traefik: `tls` makes it HTTPS; an entry point can do so for all of its routes.
pub(super) fn traefik_route<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(spec) = scope.object.value.get("spec") else { return Verdict::NotApplicable };
    if spec.get_raw("tls").is_some_and(|tls| !tls.is_null()) {
        return Verdict::Pass;
    }
    let points = spec.get("entryPoints");
    let plain = points.iter().flat_map(Value::items).any(|point| point.text() == "web");
    if plain && !only_redirects(&spec) {
        let message = "`entryPoints: [web]` without `tls`: the route is plain HTTP";
        return Verdict::fail(Fault::new(Place::missing(spec, "tls"), message));
    }
    if plain {
        return Verdict::Pass;
    }
    Verdict::unknown(
        "an entry point of Traefik may serve TLS for all that come through it",
        "the static configuration of Traefik",
    )
}

/// Middlewares called after a redirect, as people name them: what they do stands in other objects.
fn only_redirects(spec: &Value<'_>) -> bool {
    let mut routes = spec.get("routes").into_iter().flat_map(|routes| routes.items()).peekable();
    routes.peek().is_some()
        && routes.all(|route| {
            let mut middlewares = route.get("middlewares").into_iter().flat_map(|list| list.items());
            middlewares
                .any(|middleware| middleware.get("name").is_some_and(|name| name.text().contains("redirect")))
        })
}

/// An HTTPProxy of Contour: one with a `virtualhost` is an entry; others are included by one.
pub(super) fn contour_proxy<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(host) = scope.object.value.at(&["spec", "virtualhost"]) else { return Verdict::NotApplicable };
    if host.get("tls").is_none() {
        let message = "`virtualhost.tls` is not set: the host is served over plain HTTP";
        return Verdict::fail(Fault::new(Place::missing(host, "tls"), message));
    }
    let routes = scope.object.value.at(&["spec", "routes"]);
    let insecure = routes.iter().flat_map(Value::items).filter_map(|route| route.get("permitInsecure"));
    let faults = insecure.filter(|value| value.as_bool() == Some(true)).map(|value| {
        Fault::new(Place::at(value), "`permitInsecure: true`: plain HTTP is answered as well")
            .graded(Severity::Low)
    });
    Verdict::of(faults.collect())
}
