//! Whether Services that are open to everybody answer from here.

use seaworthy_document::Value;
use seaworthy_evidence::Object;
use seaworthy_probe::{
    Ask, Attempt, Endpoint, Identity, Origin, Outcome, Reply, Request, Step, Subject, encode, expect,
    may_be_told,
};

use super::openings::{Reach, of_service};
use crate::probe::Ground;

/// Ports of a Service that are tried.
const PORTS: [&str; 4] = ["port-1", "port-2", "port-3", "port-4"];

/// A try of a Service that its type opens to everybody; `None` of any other. It can refute and never prove: what does not
/// answer here may answer elsewhere.
pub(super) fn attempt(ground: &Ground<'_, '_>, service: &Object<'_>) -> Option<Attempt> {
    let endpoints = endpoints(ground, service)?;
    let subject = Subject::new("Service", service.namespace, service.name);
    if endpoints.is_empty() {
        return Some(nowhere(subject));
    }
    let namespace = service.namespace.unwrap_or("default");
    let path = format!("/api/v1/namespaces/{}/services/{}", encode(namespace), encode(service.name));
    let mut steps = vec![Step::control("service", Request::get(path).by(Identity::Caller), expect::ok)];
    steps.extend(
        PORTS
            .into_iter()
            .zip(&endpoints)
            .map(|(name, endpoint)| Step::ask(name, Request::of_port(endpoint, Ask::Connect))),
    );
    Some(Attempt::new(subject, steps, |answers| {
        match PORTS.into_iter().find(|port| answers.reply(port) == Some(&Reply::Connected)) {
            Some(port) => Outcome::refuted(port, "it is open to everybody, and takes a connection from here"),
            None => Outcome::inconclusive(
                PORTS[0],
                "it takes no connection from here, which says nothing of other places",
            )
            .needs("a connection from a machine outside"),
        }
    }))
}

/// Where a Service that its type opens to everybody would answer: nowhere, when the cluster tells no address. `None` of any
/// other Service.
pub(super) fn endpoints(ground: &Ground<'_, '_>, service: &Object<'_>) -> Option<Vec<Endpoint>> {
    let opening = of_service(service).openings.into_iter().find(|opening| {
        opening.place.value.key().is_some_and(|key| key.text() == "type") && opening.reach == Reach::Anybody
    })?;
    Some(match opening.place.value.text() {
        "NodePort" => of_nodes(ground, service),
        _ => of_balancer(service),
    })
}

/// What cannot be tried without an address.
pub(super) fn nowhere(subject: Subject) -> Attempt {
    let reason = "the cluster tells no address at which it could be reached";
    Attempt::cannot(subject, reason, "`--node ADDRESS`, or the address of the load balancer")
}

fn ports<'a>(service: &Object<'a>, key: &'static str) -> impl Iterator<Item = u16> + use<'a> {
    let ports = service.value.at(&["spec", "ports"]).into_iter().flat_map(|ports| ports.items());
    let ports = ports.filter(|port| port.get("protocol").is_none_or(|protocol| protocol.text() == "TCP"));
    ports.filter_map(move |port| u16::try_from(port.get(key)?.as_i64()?).ok())
}

/// A port of nodes is open on each of them: one is asked.
fn of_nodes(ground: &Ground<'_, '_>, service: &Object<'_>) -> Vec<Endpoint> {
    let Some(node) = ground.nodes().into_iter().next() else { return Vec::new() };
    ports(service, "nodePort").map(|port| node.port(port)).collect()
}

fn of_balancer(service: &Object<'_>) -> Vec<Endpoint> {
    let told = service.value.at(&["status", "loadBalancer", "ingress"]);
    let told = told.into_iter().flat_map(|entries: Value<'_>| entries.items());
    let address =
        told.filter_map(|entry| entry.get("ip").map(|ip| ip.text())).find(|address| may_be_told(address));
    let Some(host) = address else { return Vec::new() };
    let name = format!("Service {}/{}", service.namespace.unwrap_or("default"), service.name);
    let endpoint = |port| Endpoint { host: host.to_owned(), port, origin: Origin::Told(name.clone()) };
    ports(service, "port").map(endpoint).collect()
}
