//! Where components listen: as somebody gave it, or as the cluster tells.

use std::path::PathBuf;

use seaworthy_document::Value;
use seaworthy_probe::{Endpoint, EtcdPrograms, Origin, may_be_told};

use super::Ground;

/// What somebody gave by flags or configuration.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The API server as the kubeconfig names it; `None` where something stands in between.
    pub api_server: Option<Endpoint>,
    /// Client ports of etcd: `--etcd`.
    pub etcd: Vec<Endpoint>,
    /// Peer ports of etcd: `--etcd-peer`.
    pub etcd_peers: Vec<Endpoint>,
    /// Whether there is a client certificate for etcd: `--etcd-cert`, `--etcd-key`.
    pub has_etcd_certificate: bool,
    /// Whether there is a client certificate of a user without rights: `--ordinary-cert`, `--ordinary-key`.
    pub has_ordinary_certificate: bool,
    /// Whether the caller acts as somebody else than the kubeconfig says.
    pub impersonates: bool,
    /// Whether the kubeconfig shows a client certificate.
    pub has_caller_certificate: bool,
    /// Whether the kubeconfig takes any certificate of the API server, or none.
    pub skips_verification: bool,
    /// Addresses of nodes: `--node`.
    pub nodes: Vec<String>,
    /// `--scheduler`.
    pub schedulers: Vec<Endpoint>,
    /// `--controller-manager`.
    pub controller_managers: Vec<Endpoint>,
    /// The audit log on this machine: `--audit-log`.
    pub audit_log: Option<PathBuf>,
    /// The folder of etcd's backups on this machine: `--etcd-backups`.
    pub etcd_backups: Option<PathBuf>,
    /// The programs that restore a backup of etcd: `--etcd-programs`.
    pub etcd_programs: Option<EtcdPrograms>,
    /// Kubeconfigs on this machine, the one of this run first.
    pub kubeconfigs: Vec<PathBuf>,
    /// Limits of events in files of `--manifests`: so many in a second, and so many at once.
    pub event_limits: Vec<(u32, u32)>,
    /// The image of probe pods, which holds `/seaworthy`: `--probe-image`.
    pub probe_image: Option<String>,
    /// Where Jobs and pods may be started beside namespaces of our own: `--job`.
    pub jobs: Vec<JobPlace>,
    /// Whether this machine stands outside of the network of the cluster: `--from-outside`.
    pub from_outside: bool,
    /// Addresses outside of the cluster: `--outside`.
    pub outside: Vec<Endpoint>,
}

/// A place that a Job looks around from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobPlace {
    /// The namespace.
    pub namespace: String,
    /// The account of its pod.
    pub account: String,
}

/// A node and where it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePlace {
    /// Its name; `None` for an address that no Node object bears.
    pub name: Option<String>,
    /// Its address and the port of its kubelet.
    pub kubelet: Endpoint,
}

impl NodePlace {
    /// Another port of the same node.
    pub fn port(&self, port: u16) -> Endpoint {
        Endpoint { port, ..self.kubelet.clone() }
    }

    /// What a verdict about it names.
    pub fn subject(&self) -> seaworthy_probe::Subject {
        seaworthy_probe::Subject::new("Node", None, self.name.as_deref().unwrap_or(&self.kubelet.host))
    }
}

impl Ground<'_, '_> {
    /// All nodes that can be reached directly: those of `--node`, and every Node object by its internal address.
    pub fn nodes(&self) -> Vec<NodePlace> {
        let mut places = Vec::new();
        for node in self.evidence.of_kind("Node").filter(|object| object.is("", "Node")) {
            let port = node.value.at(&["status", "daemonEndpoints", "kubeletEndpoint", "Port"]);
            let port = port
                .and_then(|port| port.as_i64())
                .and_then(|port| u16::try_from(port).ok())
                .unwrap_or(10250);
            let addresses = node.value.at(&["status", "addresses"]);
            let addresses: Vec<&str> = addresses
                .iter()
                .flat_map(Value::items)
                .filter(|address| address.get("type").is_some_and(|kind| kind.text() == "InternalIP"))
                .filter_map(|address| address.get("address").map(|address| address.text()))
                .collect();
            // A person may know an address of loopback to be that of the node; the cluster cannot mean this machine.
            let given = addresses.iter().find(|address| self.given.nodes.iter().any(|node| node == *address));
            let (host, origin) = match given {
                Some(host) => (*host, Origin::Given("--node")),
                None => match addresses.iter().find(|address| may_be_told(address)) {
                    Some(host) => (*host, Origin::Told(format!("Node {}", node.name))),
                    None => continue,
                },
            };
            let kubelet = Endpoint { host: host.to_owned(), port, origin };
            places.push(NodePlace { name: Some(node.name.to_owned()), kubelet });
        }
        for address in &self.given.nodes {
            if !places.iter().any(|place| place.kubelet.host == *address) {
                let kubelet =
                    Endpoint { host: address.clone(), port: 10250, origin: Origin::Given("--node") };
                places.push(NodePlace { name: None, kubelet });
            }
        }
        places
    }
}
