//! How a pod is reached from outside of the cluster: Services of some types, what routes to Services, and ports of
//! the node.

use seaworthy_document::Value;
use seaworthy_evidence::{Evidence, Object, Place, Workload};
use seaworthy_podsecurity::Container;

use crate::exposure::balancers;
use crate::exposure::routes::Routes;
use crate::nearby::{Locality, Selectors};

/// Ports of a Service, and containers of a pod, that are looked at to tell whether they belong together.
const MANY: usize = 64;

/// Who can use an opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Only some addresses, or only those whom the entry has authenticated: with the reason.
    Narrowed(&'static str),
    /// Whoever reaches the address.
    Anybody,
}

/// One way in from outside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening<'e, 'a> {
    /// The object that opens it.
    pub(super) object: &'e Object<'a>,
    /// What in it does.
    pub(super) place: Place<'a>,
    pub(super) reach: Reach,
}

impl Opening<'_, '_> {
    /// In the words of the file: "`type: NodePort`".
    pub(super) fn words(&self) -> String {
        let value = self.place.value;
        let key = value.key().map_or("", |key| key.text());
        match (self.object.kind, key) {
            ("Service", "type") => format!("`type: {}`", value.text()),
            ("Service", "externalIPs") => "`externalIPs`".to_owned(),
            (_, "hostPort") => format!("`hostPort: {}`", value.text()),
            (_, "hostNetwork") => "`hostNetwork: true`".to_owned(),
            (kind, _) => format!("this {kind}"),
        }
    }
}

/// What a Service opens by itself.
#[derive(Debug, Default)]
pub(super) struct OfService<'e, 'a> {
    pub(super) openings: Vec<Opening<'e, 'a>>,
    /// The type is filled in later, or none that there is.
    pub(super) undecided: bool,
}

/// What a Service opens by its type and its external addresses.
pub(super) fn of_service<'e, 'a>(service: &'e Object<'a>) -> OfService<'e, 'a> {
    let mut answer = OfService::default();
    let Some(spec) = service.value.get("spec") else { return answer };
    let mut add =
        |value, reach| answer.openings.push(Opening { object: service, place: Place::at(value), reach });
    let kind = spec.get("type");
    match kind.map_or("ClusterIP", |kind| kind.text()) {
        "LoadBalancer" => {
            let reach = balancers::narrowed(service).map_or(Reach::Anybody, Reach::Narrowed);
            kind.into_iter().for_each(|kind| add(kind, reach));
        }
        "NodePort" => kind.into_iter().for_each(|kind| add(kind, Reach::Anybody)),
        _ => {}
    }
    if let Some(addresses) = spec.get("externalIPs").filter(|addresses| addresses.items().next().is_some()) {
        add(addresses, Reach::Anybody);
    }
    // What is no type at all is filled in later, or refused.
    let types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    answer.undecided = kind.is_some_and(|kind| !kind.as_str().is_some_and(|text| types.contains(&text)));
    answer
}

/// Whether anybody outside reaches a pod.
pub(crate) enum FromOutside<'a> {
    /// Through this Service.
    Through(&'a str),
    /// By nothing among the evidence.
    No,
    /// The evidence does not decide it.
    Undecided,
}

/// All ways in, ready to be asked for.
pub(crate) struct Openings<'e, 'a> {
    evidence: &'e Evidence<'a>,
    services: Selectors<'a, &'e Object<'a>>,
    routes: Routes<'e, 'a>,
}

/// What leads to a container.
pub(super) struct WaysIn<'e, 'a> {
    /// Services that do; what opens them is to be asked of each.
    pub(super) services: Vec<&'e Object<'a>>,
    /// Whether these are all.
    pub(super) complete: bool,
    /// Ports on the address of the node.
    pub(super) on_node: Vec<Opening<'e, 'a>>,
}

impl<'e, 'a> Openings<'e, 'a> {
    pub(crate) fn new(evidence: &'e Evidence<'a>) -> Openings<'e, 'a> {
        let services = evidence.of_kind("Service").filter(|object| object.is("", "Service"));
        let selectors = services.filter_map(|service| {
            let selector = service.value.at(&["spec", "selector"])?;
            Some((Locality::of(evidence, service), selector, service))
        });
        Openings { evidence, services: Selectors::new(selectors), routes: Routes::new(evidence) }
    }

    /// The Services that select a pod.
    pub(super) fn services(&self, workload: &Workload<'a>) -> Vec<&'e Object<'a>> {
        let from = Locality::of(self.evidence, self.evidence.owner(workload));
        self.services.of(from, labels(workload)).found.into_iter().copied().collect()
    }

    /// What opens a Service: itself, and what routes to it.
    pub(super) fn to_service(&self, service: &'e Object<'a>) -> OfService<'e, 'a> {
        let mut answer = of_service(service);
        answer.openings.extend(self.routes.to(Locality::of(self.evidence, service), service.name));
        answer
    }

    /// Whether anybody outside reaches a pod through a Service.
    pub(crate) fn reached_from_outside(&self, workload: &Workload<'a>) -> FromOutside<'a> {
        let from = Locality::of(self.evidence, self.evidence.owner(workload));
        let selecting = self.services.of(from, labels(workload));
        let mut decided = selecting.complete;
        for service in selecting.found {
            let opened = self.to_service(service);
            if opened.openings.iter().any(|opening| opening.reach == Reach::Anybody) {
                return FromOutside::Through(service.name);
            }
            decided &= !opened.undecided;
        }
        if decided { FromOutside::No } else { FromOutside::Undecided }
    }

    /// What leads to a container from outside.
    pub(super) fn to_container(&self, workload: &Workload<'a>, container: Container<'a>) -> WaysIn<'e, 'a> {
        let owner = self.evidence.owner(workload);
        let selecting = self.services.of(Locality::of(self.evidence, owner), labels(workload));
        let services = selecting.found.into_iter().copied();
        let services = services.filter(|service| leads_to(service, workload, container)).collect();
        let network = workload.pod.spec().get("hostNetwork").filter(|value| value.as_bool() == Some(true));
        let on_node = |value| Opening { object: owner, place: Place::at(value), reach: Reach::Anybody };
        let on_node = host_ports(container).chain(network).map(on_node).collect();
        WaysIn { services, complete: selecting.complete, on_node }
    }
}

fn labels<'a>(workload: &Workload<'a>) -> Option<Value<'a>> {
    workload.pod.metadata()?.get("labels")
}

/// Ports of a container that answer on the address of its node; those on the loopback address do not count.
fn host_ports<'a>(container: Container<'a>) -> impl Iterator<Item = Value<'a>> + use<'a> {
    container.ports().filter_map(|port| {
        let local = port.get("hostIP").is_some_and(|ip| ip.text().starts_with("127.") || ip.text() == "::1");
        port.get("hostPort").filter(|number| !local && number.as_i64().is_some_and(|number| number != 0))
    })
}

/// Whether a port of a Service that selects a pod may lead to a container of it. Ports need not be declared, so that one
/// leads elsewhere only when another container declares it and this one does not.
fn leads_to<'a>(service: &Object<'a>, workload: &Workload<'a>, container: Container<'a>) -> bool {
    let declares = |container: Container<'a>, target: &str| {
        container.ports().any(|port| {
            ["containerPort", "name"]
                .iter()
                .any(|key| port.get(key).is_some_and(|value| value.text() == target))
        })
    };
    let elsewhere = |port: Value<'a>| {
        let Some(target) = port.get("targetPort").or_else(|| port.get("port")) else { return false };
        let mut others = workload.pod.containers().filter(|other| *other != container).take(MANY);
        !declares(container, target.text()) && others.any(|other| declares(other, target.text()))
    };
    let mut ports =
        service.value.at(&["spec", "ports"]).into_iter().flat_map(|ports| ports.items()).peekable();
    ports.peek().is_none() || !ports.take(MANY).all(elsewhere)
}
