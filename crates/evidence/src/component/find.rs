//! Finding components among objects.

use seaworthy_document::Value;
use seaworthy_podsecurity::Pod;

use super::{Component, Flag, Program, Setup};
use super::{command_line, etcd_file, k3s, node, reading};
use crate::collection::GROUP;
use crate::configuration;
use crate::object::Object;
use crate::workload::Workload;

pub(super) const KUBEADM: &str = "kubeadm.k8s.io";
const CLUSTER_API: &str = "controlplane.cluster.x-k8s.io";

/// Calls `found` with every component that an object starts or configures; `index` is its position, `pods` are those
/// that it holds.
pub(crate) fn components_of<'a>(
    object: &Object<'a>,
    pods: &[Workload<'a>],
    index: u32,
    mut found: impl FnMut(Component<'a>),
) {
    let component = |program, setup, settings, flags, configuration| Component {
        flags,
        configuration,
        ..Component::new(program, setup, index, settings)
    };
    match (object.group(), object.kind) {
        ("", configuration::K3S) => k3s::components_of(object, index, found),
        ("", configuration::ETCD) => found(Component {
            flags: etcd_file::flags(&object.value),
            ..Component::new(Program::Etcd, Setup::CommandLine, index, object.value)
        }),
        (GROUP, "ComponentReading") => {
            if let Some(component) = reading::component_of(object, index) {
                found(component);
            }
        }
        (GROUP, "NodeReading") => node::components_of(object, index, found),
        ("kubelet.config.k8s.io", "KubeletConfiguration") => {
            let file = object.value;
            found(component(Program::Kubelet, Setup::ConfigurationFile, file, Vec::new(), vec![file]));
        }
        ("kubeproxy.config.k8s.io", "KubeProxyConfiguration") => {
            let file = object.value;
            found(component(Program::KubeProxy, Setup::ConfigurationFile, file, Vec::new(), vec![file]));
        }
        (KUBEADM, "ClusterConfiguration") => {
            of_kubeadm(object.value, object.value.get("kubernetesVersion"), &mut |part| {
                found(Component { object: index, ..part });
            });
        }
        (CLUSTER_API, "KubeadmControlPlane" | "KubeadmControlPlaneTemplate") => {
            // Cluster API hands it to kubeadm on each machine.
            let spec = object.value.at(&["spec", "template", "spec"]).or_else(|| object.value.get("spec"));
            let configuration = spec.and_then(|spec| spec.at(&["kubeadmConfigSpec", "clusterConfiguration"]));
            let (Some(spec), Some(configuration)) = (spec, configuration) else { return };
            of_kubeadm(configuration, spec.get("version"), &mut |part| {
                found(Component { object: index, ..part });
            });
        }
        (KUBEADM, "InitConfiguration" | "JoinConfiguration") => {
            let Some(registration) = object.value.get("nodeRegistration") else { return };
            let flags = extra_args(&registration, "kubeletExtraArgs");
            if !flags.is_empty() {
                found(component(Program::Kubelet, Setup::Kubeadm, registration, flags, Vec::new()));
            }
        }
        _ => {
            for Workload { pod, refused, .. } in pods {
                for container in pod.containers() {
                    let Some((program, mut flags)) =
                        command_line::read(&container.value(), container.image())
                    else {
                        continue;
                    };
                    if program == Program::Etcd {
                        if !is_cluster_store(object, pod) {
                            continue;
                        }
                        // The environment yields to the command line.
                        let stated = std::mem::take(&mut flags);
                        flags = etcd_environment(&container.value());
                        flags.extend(stated);
                    }
                    let value = container.value();
                    let settings = value.get("args").or_else(|| value.get("command")).unwrap_or(value);
                    found(Component {
                        container: Some(container.name()),
                        refused: *refused,
                        version: value.get("image").filter(|_| program != Program::Etcd),
                        node: pod.spec().get("nodeName").and_then(|node| node.as_str()),
                        ..component(program, Setup::CommandLine, settings, flags, Vec::new())
                    });
                }
            }
        }
    }
}

/// The components that kubeadm starts by a ClusterConfiguration, of a version.
fn of_kubeadm<'a>(
    configuration: Value<'a>,
    version: Option<Value<'a>>,
    found: &mut dyn FnMut(Component<'a>),
) {
    let parts = [
        (Program::ApiServer, &["apiServer"][..]),
        (Program::ControllerManager, &["controllerManager"]),
        (Program::Scheduler, &["scheduler"]),
        (Program::Etcd, &["etcd", "local"]),
    ];
    for (program, path) in parts {
        if program == Program::Etcd && configuration.at(&["etcd", "external"]).is_some() {
            continue;
        }
        let part = configuration.at(path);
        let mut flags = match (program, configuration.at(&["etcd", "external"])) {
            (Program::ApiServer, Some(etcd)) => of_external_etcd(etcd),
            _ => Vec::new(),
        };
        flags.extend(part.map(|part| extra_args(&part, "extraArgs")).unwrap_or_default());
        found(Component {
            // etcd has versions of its own.
            version: version.filter(|_| program != Program::Etcd),
            flags,
            ..Component::new(program, Setup::Kubeadm, 0, part.unwrap_or(configuration))
        });
    }
}

/// The flags by which kubeadm tells the API server of an etcd that it does not run itself. Files that are not named are
/// not stated, so that they have to be empty here in place of those that kubeadm states otherwise.
fn of_external_etcd<'a>(etcd: Value<'a>) -> Vec<Flag<'a>> {
    let endpoints = etcd.get("endpoints").into_iter().flat_map(|endpoints| endpoints.items());
    let mut flags: Vec<_> = endpoints.map(|at| Flag { name: "etcd-servers", value: at.text(), at }).collect();
    for (name, key) in [("etcd-cafile", "caFile"), ("etcd-certfile", "certFile"), ("etcd-keyfile", "keyFile")]
    {
        let at = etcd.get(key).unwrap_or(etcd);
        flags.push(Flag { name, value: at.text(), at });
    }
    flags
}

/// Flags that kubeadm adds: a map in v1beta3, a list of names and values from v1beta4 on.
fn extra_args<'a>(part: &Value<'a>, key: &str) -> Vec<Flag<'a>> {
    let Some(arguments) = part.get(key) else { return Vec::new() };
    let listed = arguments.items().filter_map(|item| {
        let at = item.get("value")?;
        Some(Flag { name: item.get("name")?.as_str()?, value: at.text(), at })
    });
    let mapped = arguments.entries().map(|(name, at)| Flag { name: name.text(), value: at.text(), at });
    listed.chain(mapped).collect()
}

/// Whether an etcd is the store of the cluster and not one that an application brought: it is a component of the
/// control plane by label, or runs in the namespace of the system.
fn is_cluster_store(object: &Object<'_>, pod: &Pod<'_>) -> bool {
    let label =
        |key| pod.metadata().and_then(|metadata| metadata.at(&["labels", key])).map(|value| value.text());
    object.namespace == Some("kube-system")
        && (label("component") == Some("etcd")
            || label("tier") == Some("control-plane")
            || object.name == "etcd")
}

/// Flags that etcd takes from its environment: `ETCD_CERT_FILE` is `--cert-file`.
fn etcd_environment<'a>(container: &Value<'a>) -> Vec<Flag<'a>> {
    let variables = container.get("env").into_iter().flat_map(|env| env.items());
    let flags =
        variables.filter_map(|variable| etcd_flag(variable.get("name")?.as_str()?, variable.get("value")?));
    flags.collect()
}

/// The flag that a variable of etcd's environment is.
pub(super) fn etcd_flag<'a>(variable: &str, at: Value<'a>) -> Option<Flag<'a>> {
    const NAMES: &[(&str, &str)] = &[
        ("ETCD_ADVERTISE_CLIENT_URLS", "advertise-client-urls"),
        ("ETCD_AUTO_TLS", "auto-tls"),
        ("ETCD_CERT_FILE", "cert-file"),
        ("ETCD_CIPHER_SUITES", "cipher-suites"),
        ("ETCD_CLIENT_CERT_AUTH", "client-cert-auth"),
        ("ETCD_CONFIG_FILE", "config-file"),
        ("ETCD_DATA_DIR", "data-dir"),
        ("ETCD_KEY_FILE", "key-file"),
        ("ETCD_LISTEN_CLIENT_URLS", "listen-client-urls"),
        ("ETCD_LISTEN_METRICS_URLS", "listen-metrics-urls"),
        ("ETCD_LISTEN_PEER_URLS", "listen-peer-urls"),
        ("ETCD_PEER_AUTO_TLS", "peer-auto-tls"),
        ("ETCD_PEER_CERT_FILE", "peer-cert-file"),
        ("ETCD_PEER_CLIENT_CERT_AUTH", "peer-client-cert-auth"),
        ("ETCD_PEER_KEY_FILE", "peer-key-file"),
        ("ETCD_PEER_TRUSTED_CA_FILE", "peer-trusted-ca-file"),
        ("ETCD_TRUSTED_CA_FILE", "trusted-ca-file"),
    ];
    let (_, name) = NAMES.iter().find(|(known, _)| *known == variable)?;
    Some(Flag { name, value: at.text(), at })
}
