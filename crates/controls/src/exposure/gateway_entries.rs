//! TLS of the Gateway API: listeners, and what the routes on them serve.

use seaworthy_document::Value;
use seaworthy_evidence::{Object, Place};

use crate::nearby::{Locality, Nearby};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

const GROUP: &str = "gateway.networking.k8s.io";
const ROUTES: &[&str] = &["GRPCRoute", "HTTPRoute"];

/// Routes on one listener that are looked at.
const MANY: usize = 512;

/// Routes by the name of their Gateway, each with the reference to it.
type Attached<'e, 'a> = Nearby<'a, &'a str, (&'e Object<'a>, Value<'a>)>;

/// Judges Gateways, and routes whose Gateway is not among the files.
pub(super) fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let mut gateways = Nearby::default();
    for gateway in evidence.of_kind("Gateway").filter(|gateway| gateway.is(GROUP, "Gateway")) {
        gateways.insert(Locality::of(evidence, gateway), gateway.name, ());
    }
    let mut attached = Attached::default();
    let mut judged = Vec::new();
    for kind in ROUTES {
        for route in evidence.of_kind(kind).filter(|route| route.is(GROUP, kind)) {
            let at = Locality::of(evidence, route);
            let mut elsewhere = false;
            for (parent, name) in parents(route) {
                let namespace = parent.get("namespace").and_then(|namespace| namespace.as_str());
                let at = namespace.map_or(at, |namespace| at.in_namespace(namespace));
                elsewhere |= gateways.find(at, name).next().is_none();
                attached.insert(at, name, (route, parent));
            }
            if elsewhere && !around.has_all(GROUP, "Gateway", None) {
                let verdict = Verdict::unknown(
                    "the Gateway of this route is not among the files",
                    "the Gateway, whose listeners say whether TLS is served",
                );
                judged.push(Judged { object: route, verdict });
            }
        }
    }
    for gateway in evidence.of_kind("Gateway").filter(|gateway| gateway.is(GROUP, "Gateway")) {
        let at = Locality::of(evidence, gateway);
        judged.push(Judged { object: gateway, verdict: judge(gateway, at, &attached) });
    }
    judged
}

/// References of a route to Gateways.
fn parents<'a>(route: &Object<'a>) -> Vec<(Value<'a>, &'a str)> {
    let parents = route.value.at(&["spec", "parentRefs"]);
    let gateways = parents.iter().flat_map(Value::items).filter(|parent| {
        parent.get("kind").is_none_or(|kind| kind.text() == "Gateway")
            && parent.get("group").is_none_or(|group| group.text() == GROUP)
    });
    gateways.filter_map(|parent| Some((parent, parent.get("name")?.as_str()?))).collect()
}

fn judge<'a>(gateway: &Object<'a>, at: Locality<'a>, attached: &Attached<'_, 'a>) -> Verdict<'a> {
    let listeners = gateway.value.at(&["spec", "listeners"]);
    let listeners: Vec<Value<'a>> = listeners.iter().flat_map(Value::items).collect();
    let protocol = |listener: &Value<'a>| listener.get("protocol").map_or("", |protocol| protocol.text());
    let secured = listeners.iter().any(|listener| matches!(protocol(listener), "HTTPS" | "TLS"));
    if !secured && !listeners.iter().any(|listener| protocol(listener) == "HTTP") {
        return Verdict::NotApplicable;
    }
    let mut faults = Vec::new();
    let mut undecided = false;
    for listener in listeners.iter().filter(|listener| protocol(listener) == "HTTP") {
        let place = listener.get("protocol").map_or(Place::at(*listener), Place::at);
        let name = listener.get("name").map_or("", |name| name.text());
        let routes = attached.find(at, gateway.name).take(MANY).filter(|(_, parent)| is_on(parent, listener));
        let mut some = false;
        let mut serving = None;
        for (route, _) in routes {
            some = true;
            serving = serving.or_else(|| serves(route).then_some(*route));
        }
        match serving {
            Some(route) => faults.push(Fault::new(
                place,
                format!("listener `{name}` serves {} `{}` over plain HTTP", route.kind, route.name),
            )),
            None if some => {}
            None if secured => undecided = true,
            None => faults.push(Fault::new(
                place,
                format!(
                    "listener `{name}` speaks plain HTTP, and no other listener of the Gateway speaks TLS"
                ),
            )),
        }
    }
    match undecided {
        true if faults.is_empty() => Verdict::unknown(
            "what the HTTP listener serves, or whether it redirects, is not among the files",
            "the routes of the Gateway",
        ),
        _ => Verdict::of(faults),
    }
}

/// Whether a reference of a route means a listener: it names it, or its port, or neither.
fn is_on(parent: &Value<'_>, listener: &Value<'_>) -> bool {
    let same = |of_parent: &str, of_listener: &str| {
        let wanted = parent.get(of_parent);
        wanted
            .is_none_or(|wanted| listener.get(of_listener).is_some_and(|found| found.text() == wanted.text()))
    };
    same("sectionName", "name") && same("port", "port")
}

/// Whether a route sends requests to a backend, as opposed to redirecting them to HTTPS.
fn serves(route: &Object<'_>) -> bool {
    let rules = route.value.at(&["spec", "rules"]);
    rules.iter().flat_map(Value::items).any(|rule| {
        let mut filters = rule.get("filters").into_iter().flat_map(|filters| filters.items());
        let redirects = filters.any(|filter| {
            filter.at(&["requestRedirect", "scheme"]).is_some_and(|scheme| scheme.text() == "https")
        });
        !redirects && rule.get("backendRefs").is_some_and(|refs| refs.items().next().is_some())
    })
}
