//! What routes requests from outside to Services: Ingresses, routes of the Gateway API, and the like.

use seaworthy_document::Value;
use seaworthy_evidence::{Evidence, Object, Place};

use crate::exposure::entry_authentication;
use crate::exposure::openings::{Opening, Reach};
use crate::nearby::{Locality, Nearby};

/// Groups and kinds that route to Services, with the reader of their backends.
const ROUTES: &[(&str, &str, Reader)] = &[
    ("networking.k8s.io", "Ingress", ingress),
    ("extensions", "Ingress", ingress),
    ("gateway.networking.k8s.io", "HTTPRoute", gateway_route),
    ("gateway.networking.k8s.io", "GRPCRoute", gateway_route),
    ("gateway.networking.k8s.io", "TLSRoute", gateway_route),
    ("gateway.networking.k8s.io", "TCPRoute", gateway_route),
    ("gateway.networking.k8s.io", "UDPRoute", gateway_route),
    ("route.openshift.io", "Route", openshift_route),
    ("networking.istio.io", "VirtualService", virtual_service),
    ("traefik.io", "IngressRoute", traefik_route),
    ("traefik.containo.us", "IngressRoute", traefik_route),
    ("projectcontour.io", "HTTPProxy", traefik_route),
];

/// Gives each backend of a route: the value that names the Service, its name, and its namespace where it is stated.
type Reader = for<'a> fn(&Object<'a>, &mut dyn FnMut(Value<'a>, &'a str, Option<&'a str>));

/// Routes by the Service that they lead to.
#[derive(Default)]
pub(super) struct Routes<'e, 'a> {
    by_service: Nearby<'a, &'a str, Opening<'e, 'a>>,
}

impl<'e, 'a> Routes<'e, 'a> {
    pub(super) fn new(evidence: &'e Evidence<'a>) -> Routes<'e, 'a> {
        let mut routes = Routes::default();
        for (group, kind, read) in ROUTES {
            for object in evidence.of_kind(kind).filter(|object| object.group() == *group) {
                let at = Locality::of(evidence, object);
                let reach = entry_authentication::narrowed(object).map_or(Reach::Anybody, Reach::Narrowed);
                read(object, &mut |value, service, namespace| {
                    let at = namespace.map_or(at, |namespace| at.in_namespace(namespace));
                    routes.by_service.insert(at, service, Opening { object, place: Place::at(value), reach });
                });
            }
        }
        routes
    }

    /// What leads to a Service; each route once.
    pub(super) fn to(&self, service: Locality<'a>, name: &'a str) -> Vec<Opening<'e, 'a>> {
        let mut found: Vec<Opening<'e, 'a>> = Vec::new();
        for opening in self.by_service.find(service, name).take(64) {
            if !found.iter().any(|other| std::ptr::eq(other.object, opening.object)) {
                found.push(*opening);
            }
        }
        found
    }
}

fn ingress<'a>(object: &Object<'a>, found: &mut dyn FnMut(Value<'a>, &'a str, Option<&'a str>)) {
    let Some(spec) = object.value.get("spec") else { return };
    let rules = spec.get("rules").into_iter().flat_map(|rules| rules.items());
    let paths = rules.filter_map(|rule| rule.at(&["http", "paths"])).flat_map(|paths| paths.items());
    let backends = paths.filter_map(|path| path.get("backend"));
    // v1, then v1beta1.
    let all = spec.get("defaultBackend").or_else(|| spec.get("backend")).into_iter().chain(backends);
    for backend in all {
        let name = backend.at(&["service", "name"]).or_else(|| backend.get("serviceName"));
        if let Some((name, text)) = name.and_then(|name| Some((name, name.as_str()?))) {
            found(name, text, None);
        }
    }
}

fn gateway_route<'a>(object: &Object<'a>, found: &mut dyn FnMut(Value<'a>, &'a str, Option<&'a str>)) {
    let rules = object.value.at(&["spec", "rules"]).into_iter().flat_map(|rules| rules.items());
    let backends = rules.filter_map(|rule| rule.get("backendRefs")).flat_map(|refs| refs.items());
    for backend in backends {
        let service = backend.get("kind").is_none_or(|kind| kind.text() == "Service");
        if let Some(name) = backend.get("name").filter(|name| service && name.as_str().is_some()) {
            found(name, name.text(), backend.get("namespace").and_then(|namespace| namespace.as_str()));
        }
    }
}

fn openshift_route<'a>(object: &Object<'a>, found: &mut dyn FnMut(Value<'a>, &'a str, Option<&'a str>)) {
    let Some(spec) = object.value.get("spec") else { return };
    let others = spec.get("alternateBackends").into_iter().flat_map(|others| others.items());
    for name in spec.get("to").into_iter().chain(others).filter_map(|to| to.get("name")) {
        if let Some(text) = name.as_str() {
            found(name, text, None);
        }
    }
}

/// A VirtualService concerns callers outside when it names a gateway other than `mesh`, the sidecars.
fn virtual_service<'a>(object: &Object<'a>, found: &mut dyn FnMut(Value<'a>, &'a str, Option<&'a str>)) {
    let Some(spec) = object.value.get("spec") else { return };
    let mut gateways = spec.get("gateways").into_iter().flat_map(|gateways| gateways.items());
    if !gateways.any(|gateway| gateway.text() != "mesh") {
        return;
    }
    let rules =
        ["http", "tls", "tcp"].into_iter().filter_map(|key| spec.get(key)).flat_map(|rules| rules.items());
    let routes = rules.filter_map(|rule| rule.get("route")).flat_map(|routes| routes.items());
    for host in routes.filter_map(|route| route.at(&["destination", "host"])) {
        let mut parts = host.text().split('.');
        if let Some(name) = parts.next().filter(|name| !name.is_empty()) {
            found(host, name, parts.next());
        }
    }
}

/// Traefik's IngressRoute and Contour's HTTPProxy list their Services in the same way.
fn traefik_route<'a>(object: &Object<'a>, found: &mut dyn FnMut(Value<'a>, &'a str, Option<&'a str>)) {
    let routes = object.value.at(&["spec", "routes"]).into_iter().flat_map(|routes| routes.items());
    let services = routes.filter_map(|route| route.get("services")).flat_map(|services| services.items());
    for service in services {
        if let Some(name) = service.get("name").filter(|name| name.as_str().is_some()) {
            found(name, name.text(), service.get("namespace").and_then(|namespace| namespace.as_str()));
        }
    }
}
