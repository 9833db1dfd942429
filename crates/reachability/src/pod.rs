//! Pods and namespaces, as policies see them.

use std::net::IpAddr;

use seaworthy_document::Value;

use crate::labels::{Labels, is_placeholder};
use crate::port::{Port, Protocol, number};
use crate::truth::Truth;

/// A pod, or all the pods of a template.
#[derive(Clone, Debug)]
pub struct Pod<'a> {
    labels: Labels<'a>,
    host_network: Truth,
    named_ports: Vec<NamedPort<'a>>,
    /// Whether a port could not be read, so that it may bear any name.
    ports_open: bool,
    addresses: Vec<IpAddr>,
}

#[derive(Clone, Copy, Debug)]
struct NamedPort<'a> {
    protocol: Protocol,
    name: &'a str,
    /// `None` when it is not known.
    number: Option<u16>,
}

impl<'a> Pod<'a> {
    /// Reads a pod: its metadata, its spec and, for one that runs, its status.
    pub fn read(metadata: Option<Value<'a>>, spec: Value<'a>, status: Option<Value<'a>>) -> Pod<'a> {
        let host_network = match spec.get("hostNetwork") {
            None => Truth::No,
            Some(value) => value.as_bool().map_or(Truth::Maybe, Truth::from),
        };
        let addresses = status.map(addresses).unwrap_or_default();
        let mut pod = Pod {
            labels: Labels::of(metadata),
            host_network,
            named_ports: Vec::new(),
            ports_open: false,
            addresses,
        };
        let containers = spec.get("containers");
        // An init container that restarts runs beside the others and serves like them.
        let sidecars =
            spec.get("initContainers").into_iter().flat_map(|list| list.items()).filter(|container| {
                container.get("restartPolicy").and_then(|policy| policy.as_str()) == Some("Always")
            });
        for container in containers.into_iter().flat_map(|list| list.items()).chain(sidecars) {
            for port in container.get("ports").into_iter().flat_map(|ports| ports.items()) {
                pod.read_port(port);
            }
        }
        pod.named_ports.sort_by_key(|port| port.name);
        pod
    }

    /// A pod of which nothing is known but that it has an address of its own.
    pub fn unknown() -> Pod<'a> {
        Pod {
            labels: Labels::unknown(),
            host_network: Truth::No,
            named_ports: Vec::new(),
            ports_open: true,
            addresses: Vec::new(),
        }
    }

    fn read_port(&mut self, port: Value<'a>) {
        let Some(name) = port.get("name") else { return };
        match (name.as_str().filter(|name| !is_placeholder(name)), Protocol::of(port)) {
            (Some(name), Some(protocol)) => {
                let number = port.get("containerPort").and_then(number);
                self.named_ports.push(NamedPort { protocol, name, number });
            }
            _ => self.ports_open = true,
        }
    }

    /// Its labels.
    pub fn labels(&self) -> &Labels<'a> {
        &self.labels
    }

    /// Whether it lives on the network of its node: policies neither select it nor know it as a pod.
    pub fn host_network(&self) -> Truth {
        self.host_network
    }

    /// Its addresses, as far as they are known.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Whether it bears a port of this name.
    pub fn names(&self, protocol: Option<Protocol>, name: &str) -> Truth {
        let known = self.ports_called(name).any(|port| protocol.is_none_or(|it| it == port.protocol));
        Truth::between(known, self.ports_open)
    }

    /// Whether it calls a port by this name.
    pub(crate) fn calls(&self, port: Port, name: &str) -> Truth {
        let known = self.ports_called(name).filter(|named| named.protocol == port.protocol);
        let truth = Truth::any(known.map(|named| match named.number {
            Some(number) => Truth::from(number == port.number),
            None => Truth::Maybe,
        }));
        truth.or(Truth::between(false, self.ports_open))
    }

    fn ports_called(&self, name: &str) -> impl Iterator<Item = &NamedPort<'a>> {
        let start = self.named_ports.partition_point(|port| port.name < name);
        self.named_ports[start..].iter().take_while(move |port| port.name == name)
    }
}

fn addresses(status: Value<'_>) -> Vec<IpAddr> {
    let listed =
        status.get("podIPs").into_iter().flat_map(|list| list.items()).filter_map(|item| item.get("ip"));
    let texts = listed.chain(status.get("podIP")).filter_map(|value| value.as_str());
    let mut addresses: Vec<IpAddr> = texts.filter_map(|text| text.parse().ok()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace<'a> {
    /// Its name; `None` when the files leave it open.
    pub name: Option<&'a str>,
    /// Its labels.
    pub labels: Labels<'a>,
    /// Its place in the world; `None` for one of which nothing is known.
    pub(crate) id: Option<usize>,
}

impl<'a> Namespace<'a> {
    /// A namespace, to be added to a [`World`](crate::World).
    pub fn new(name: Option<&'a str>, labels: Labels<'a>) -> Namespace<'a> {
        Namespace { name, labels, id: None }
    }

    /// Any namespace.
    pub fn unknown() -> Namespace<'a> {
        Namespace { name: None, labels: Labels::unknown(), id: None }
    }

    /// A namespace of which only the name is known, and that is not in the world or need not be.
    pub fn elsewhere(name: &'a str) -> Namespace<'a> {
        Namespace { name: Some(name), labels: Labels::of_namespace(Some(name), None), id: None }
    }

    /// Whether two are the same.
    pub(crate) fn is(&self, other: &Namespace<'_>) -> Truth {
        match (self.id, other.id) {
            (Some(one), Some(another)) if one == another => Truth::Yes,
            _ => match (self.name, other.name) {
                (Some(one), Some(another)) if one == another => Truth::Yes,
                (Some(one), Some(another)) if !is_placeholder(one) && !is_placeholder(another) => Truth::No,
                // Where the files leave the name open, it may be any.
                _ => Truth::Maybe,
            },
        }
    }
}
